"""Write Prometheus' text format 0.0.4: metric families as the bytes of a `.prom` file.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable

from xmlprom.series.families import Family

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def render(families: Iterable[Family]) -> bytes:
    """The families in the text format; labels are sorted, so that the same samples are the same bytes."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {family.help.translate(_IN_HELP)}\n")
        lines.append(f"# TYPE {family.name} {family.type}\n")
        for name, labels, value in family.samples:
            pairs = ",".join([f'{label}="{labels[label].translate(_IN_LABEL)}"' for label in sorted(labels)])
            lines.append(f"{name}{{{pairs}}} {number(value)}\n" if pairs else f"{name} {number(value)}\n")
    return "".join(lines).encode()


def number(value: float) -> str:
    """A number in as many digits as it takes to read the same one back, whole numbers without a fraction; or NaN."""
    return repr(float(value)).removesuffix(".0") if value == value else "NaN"  # noqa: PLR0124 - only NaN differs
