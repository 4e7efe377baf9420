"""Choose names of metrics and labels, with which `check` finds no fault."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Sequence

from xmlprom.mapping.model import Label, Mapping, Metric, Section
from xmlprom.mapping.naming import label_name_fault, metric_name_fault, naming_advice
from xmlprom.mapping.path_parser import parse

_PATH = parse("name()", {})
_SUFFIXES = {"info": "_info", "counter": "_total"}
_LONGEST = 60  # characters of a metric's name


class MetricNames:
    """Gives each metric of a mapping a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def choose(self, words: Sequence[str], type_: str = "gauge") -> str:
        """A name of these words, without those in the middle where it would be too long."""
        kept = list(words)
        name = _plain(kept, type_)
        while len(name) > _LONGEST - 3 and len(kept) > 2:
            del kept[1]
            name = _plain(kept, type_)
        name = name[-(_LONGEST - 3) :].lstrip("_0123456789") or "element"
        if metric_name_fault(name, type_):
            name = f"xml_{name}"
        suffix = _SUFFIXES.get(type_, "")
        stem = name[: len(name) - len(suffix)]
        numbered = (f"{stem}_{number}{suffix}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([name], numbered) if name not in self._taken)
        self._taken.add(name)
        return name


def _plain(words: Iterable[str], type_: str) -> str:
    usable = (word for word in "_".join(words).split("_") if not _is_advised_against(Metric(word, "")))
    if type_ == "counter":
        usable = (word for word in usable if word != "total")
    plain = "_".join(key for key, _ in itertools.groupby(usable)) or "element"  # no word twice in a row
    plain += "_total" if type_ == "counter" else ""
    base = f"xml_{plain}" if metric_name_fault(plain, type_) else plain
    if _is_advised_against(Metric(base, "", type_)):
        base += "_value"  # `_count` and `_total` are not for gauges
    return base


def label_name(words: Sequence[str], row: str, taken: Container[str]) -> str:
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
    return any(naming_advice(Mapping((), (Section(_PATH, (metric,)),))))
