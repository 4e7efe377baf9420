"""Choose names of metrics and labels, with which `check` finds no fault."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable

from xmlprom.mapping.model import Label, Mapping, Metric, Section
from xmlprom.mapping.naming import label_name_fault, metric_name_fault, naming_advice
from xmlprom.mapping.paths import parse

_PATH = parse("name()", {})


class MetricNames:
    """Gives each metric of a mapping a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def choose(self, words: Iterable[str], type_: str = "gauge") -> str:
        usable = (word for word in "_".join(words).split("_") if not _is_advised_against(Metric(word, "")))
        plain = "_".join(key for key, _ in itertools.groupby(usable)) or "element"  # no word twice in a row
        base = f"xml_{plain}" if metric_name_fault(plain, type_) else plain
        if _is_advised_against(Metric(base, "", type_)):
            base += "_value"  # `_count` and `_total` are not for gauges
        stem, suffix = (base[: -len("_info")], "_info") if type_ == "info" else (base, "")
        numbered = (f"{stem}_{number}{suffix}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([base], numbered) if name not in self._taken)
        self._taken.add(name)
        return name


def label_name(words: tuple[str, ...], row: str, taken: Container[str]) -> str:
    """The last of the words, more where that is taken; `row` is a word for the row."""
    choices = ["_".join(words[-length:]) for length in range(1, len(words) + 1)]
    choices += [f"{row}_{choices[-1]}", *(f"{choices[-1]}_{number}" for number in range(2, 1000))]
    return next(
        choice
        for choice in choices
        if choice not in taken
        and not label_name_fault(choice)
        and not _is_advised_against(Metric("x", "", labels=(Label(choice, _PATH),)))
    )


def _is_advised_against(metric: Metric) -> bool:
    return any(naming_advice(Mapping(None, (Section(_PATH, (metric,)),))))
