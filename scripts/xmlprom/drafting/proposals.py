"""Propose metrics of an element: its numbers, its states, how many there are by kind, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from xmlprom.drafting import vocabulary
from xmlprom.drafting.counters import is_counter
from xmlprom.drafting.elements import Element, Field, fields
from xmlprom.drafting.joins import Key, word_rows
from xmlprom.drafting.keys import NAME, KeyFinder, Keys
from xmlprom.drafting.number_reading import Reading, readings
from xmlprom.drafting.path_steps import PathSteps, snake
from xmlprom.drafting.states import flag_map, is_category, is_state
from xmlprom.drafting.text_kinds import is_unique_id, tells_time

_MAX_KINDS = 3  # labels beside the keys
_MAX_KIND_WORDS = 2  # of a name: what is deeper is of something else
_SOME = 3  # parents, none of which has several: an element that they have once
_MAX_FACTS = 9  # labels of an info metric
_TOTAL_BOUND = 1e300


class Proposal(NamedTuple):
    """A metric that might be drafted; `worth`: how much operators may want it, `section`: the path of its rows.

    `value`: the keys of the mapping's `value`, None where rows are counted; `remark`: why it is as it is.
    """

    section: str
    words: tuple[str, ...]
    help: str
    type: str
    labels: tuple[Key, ...]
    value: dict[str, Any] | None
    worth: float
    where: dict[str, Any]
    remark: str = ""


class Proposer:
    """Makes proposals; `left_out` holds what has none, by section, and why."""

    def __init__(self, steps: PathSteps) -> None:
        self._steps = steps
        self._finder = KeyFinder(steps)
        self.left_out: dict[str, list[str]] = {}

    def propose(self, element: Element) -> Iterator[Proposal]:
        keys = self._finder.keys(element)
        yield from self._words(element, keys)
        found = fields(element, self._steps)
        used = {key.path for key in keys.own}
        kinds = [
            field
            for field in found
            if field.path not in used and is_category(field, element.place.count) and not _is_unit(field)
        ]
        lasting = [
            field
            for field in kinds
            if len(field.words) < _MAX_KIND_WORDS
            and (keys.own or element.repeats)
            and _keeps_apart(element, field, keys)
        ][:_MAX_KINDS]
        labels = (*keys.all, *(Key(field.path, field.words or element.words[-1:]) for field in lasting))
        facts, numbers = [], 0
        words = {field.words for field in found}
        for field in found:
            if field.path in used or _is_unit(field) or _is_written_out(field, words):
                continue
            proposals = list(self._of_field(element, keys, labels, field, field in lasting))
            numbers += len(proposals)
            yield from proposals
            if not proposals and _is_fact(field):
                facts.append(field)
        single = element.place.most == 1 and element.place.parents > _SOME and not element.names
        if element.repeats and not single:
            yield from self._counts(element, keys, kinds)
        else:
            yield from self._state(element, keys, kinds)
        if keys.own and any(field not in kinds for field in facts):
            yield self._info(element, keys, facts, alone=not numbers)

    def _words(self, element: Element, keys: Keys) -> Iterator[Proposal]:
        """Lists of numbers, each of which is named by the word at its place in another list."""
        for rows in word_rows(element, self._steps):
            own = (Key(f"{'../' * rows.up}{key.path}", key.words) for key in keys.all)
            labels = (*own, *rows.of_group, rows.name)
            value = {"from": ".", "aggregate": "last" if keys.whole else "sum", "invalid": "skip"}
            help_ = f"{rows.words[-1].replace('_', ' ').capitalize()} by {rows.name.words[-1].replace('_', ' ')}"
            remark = "" if keys.whole else "sum: several rows may share a series"
            worth = 4.0 + _place_worth(element, keys)
            yield Proposal(rows.path, rows.words, help_, "gauge", labels, value, worth, {}, remark)

    def _leave_out(self, element: Element, field: Field, reason: str) -> None:
        self.left_out.setdefault(element.path, []).append(f"{field.path} {reason}")

    def _of_field(
        self, element: Element, keys: Keys, labels: tuple[Key, ...], field: Field, is_label: bool
    ) -> Iterator[Proposal]:
        flags = flag_map(field)
        if flags is not None:
            if keys.whole:
                yield self._flag(element, keys, labels, field, flags)
            return
        if is_label:
            return
        found = readings(field)
        if isinstance(found, str):
            if found:
                self._leave_out(element, field, found)
            return
        for read in found:
            if read.time or not _is_identifier(field):
                proposal = self._number(element, keys, labels, field, read)
                if proposal:
                    yield proposal

    def _flag(
        self, element: Element, keys: Keys, labels: tuple[Key, ...], field: Field, flags: dict[str, Any]
    ) -> Proposal:
        value = {"from": field.path, "aggregate": "last", **flags}
        words = [f"{text}: {number}" for text, number in flags["map"].items()]
        shown = ", ".join([*words, *(["others: 0"] if "other" in flags else [])])
        worth = _worth(element, keys, field, 2.6 if is_state(field) or field.path == "text()" else 2.0)
        help_ = f"{_phrase(element, field)} ({shown})"
        return Proposal(
            element.path, _words(element, field.words), help_, "gauge", labels, value, worth, _where(element, field)
        )

    def _number(
        self, element: Element, keys: Keys, labels: tuple[Key, ...], field: Field, read: Reading
    ) -> Proposal | None:
        aggregate, remark = "last", ""
        if not keys.whole:
            aggregate = "max" if read.time else "sum"
            if not read.time and not _is_amount(element, field, read, named=bool(keys.own)):
                self._leave_out(element, field, "is not added up, and nothing distinguishes the rows")
                return None
            remark = "latest: nothing distinguishes the rows" if read.time else "sum: several rows may share a series"
            labels = tuple(label for label in labels if label.path != "text()")
        elif not read.time and not vocabulary.EVENTS & vocabulary.head(element.words[-1:]):
            remark = is_counter((*element.words[-1:], *field.words), field.stats)
        value = {"from": field.path, "aggregate": aggregate, **read.keys, "invalid": "skip"}
        counts = field.stats.counts()
        worth = _worth(element, keys, field, 3.0)
        worth += (1.0 if read.unit else 0) - (0.7 if not field.stats.nonzero else 0) - (0 if keys.whole else 0.8)
        worth -= 1.0 if counts["none"] * 2 > field.stats.filled else 0
        help_ = _phrase(element, field) + (f", in {read.unit}" if read.unit and not read.time else "")
        help_ += ", as Unix time" if read.time else ""
        return Proposal(
            element.path,
            _words(element, read.words),
            help_,
            "counter" if remark.startswith("counter") else "gauge",
            labels,
            value,
            worth,
            {**_where(element, field), **read.where},
            remark,
        )

    def _counts(self, element: Element, keys: Keys, kinds: list[Field]) -> Iterator[Proposal]:
        states = [field for field in kinds if vocabulary.tokens(field.words[-1:]) & vocabulary.CONDITIONS]
        others = [field for field in kinds if not is_state(field) and flag_map(field) is None]
        by = [Key(field.path, field.words or element.words[-1:]) for field in (*states, *others)][:_MAX_KINDS]
        names = [
            key for key in keys.own if (key.path == NAME and len(keys.own) > 1) or (key.path == NAME and not keys.whole)
        ]
        if (not by and not keys.outer) or (element.names and not by):
            return
        labels = (*keys.outer, *names, *by)
        worth = 2.2 + (0.9 if states else 0) + (0.3 if others or names else 0) - (0.3 if not by else 0)
        worth -= 1.0 if element.place.is_leaf and element.place.text.counts()["number"] else 0
        worth -= 1.2 if not (by or names) and keys.own and element.place.most < 2 else 0
        worth += _place_worth(element, keys)
        weights = vocabulary.tokens(field.words[-1] for field in others if field.words) & vocabulary.SEVERITIES
        worth += 1.2 if _is_fault(element) else 0.8 if weights else 0
        words = (*element.words, "rows")
        yield Proposal(
            element.path,
            words,
            f"Number of {element.words[-1]} elements",
            "gauge",
            labels,
            None,
            worth,
            _where(element, None),
        )

    def _state(self, element: Element, keys: Keys, kinds: list[Field]) -> Iterator[Proposal]:
        """The words for how a thing is that occurs once, where it is not known which of them are good."""
        for field in kinds:
            if is_state(field) and flag_map(field) is None:
                labels = (*keys.all, Key(field.path, field.words))
                words = (*_words(element, field.words), "rows")
                worth = 2.6 + _place_worth(element, keys)
                yield Proposal(
                    element.path, words, f"1 for the {_phrase(element, field).lower()}", "gauge", labels, None, worth,
                    _where(element, field),
                )  # fmt: skip

    def _info(self, element: Element, keys: Keys, facts: list[Field], alone: bool) -> Proposal:
        labels = (*keys.all, *(Key(field.path, field.words) for field in facts if field.words))[: _MAX_FACTS + 3]
        worth = 2.0 + _place_worth(element, keys) - (0 if keys.whole else 1) + (0.4 if alone else 0)
        words = (*element.words, "info")
        return Proposal(
            element.path, words, f"Texts of {element.words[-1]}", "info", labels, None, worth, _where(element, None)
        )


def _keeps_apart(element: Element, field: Field, keys: Keys) -> bool:
    """Whether a kind is a label of the numbers: a state only where nothing else distinguishes the rows."""
    if element.where and field.stats.filled < element.place.count:
        return False
    if not keys.whole and vocabulary.tokens(field.words[-1:]) & vocabulary.CONDITIONS:
        return True
    return not is_state(field) and flag_map(field) is None


def _where(element: Element, field: Field | None) -> dict[str, Any]:
    """Which of the elements are meant, where `*` has others as well."""
    if not element.others or (field is not None and field.path != "text()"):
        return element.where
    if field is None:
        return {"name()": [name.rpartition("}")[2] for name in element.names]}
    return {"name()": {"not": [name.rpartition("}")[2] for name in element.others]}}


def _words(element: Element, words: tuple[str, ...]) -> tuple[str, ...]:
    return (*element.words, *words)


def _phrase(element: Element, field: Field) -> str:
    words = " ".join(field.words or element.words[-1:]).replace("_", " ")
    return (
        f"{words[:1].upper()}{words[1:]} of {element.words[-1].replace('_', ' ')}"
        if field.words
        else words.capitalize()
    )


def _is_fault(element: Element) -> bool:
    heads = [vocabulary.head((snake(name),)) for name in element.names] or [vocabulary.head(element.words[-1:])]
    return any(head & vocabulary.FAULTS for head in heads)


def _is_unit(field: Field) -> bool:
    return bool(field.words) and field.words[-1] in vocabulary.UNITS


def _is_written_out(field: Field, words: set[tuple[str, ...]]) -> bool:
    """Whether it is the date for people beside the same as a number, `timestr` beside `time`."""
    last = field.words[-1] if field.words else ""
    for ending in ("str", "string", "text", "iso8601"):
        if last.endswith(ending) and (*field.words[:-1], last[: -len(ending)].rstrip("_")) in words:
            return True
    return False


def _is_identifier(field: Field) -> bool:
    found = field.words[-1:]
    return vocabulary.identifies(found) or bool(vocabulary.tokens(found) & vocabulary.NO_QUANTITIES)


def _is_fact(field: Field) -> bool:
    """Whether it is a text that is worth knowing, and hardly changes."""
    stats = field.stats
    counts = stats.counts()
    if stats.longs or stats.longest > 64 or not counts["word"] or counts["word"] * 2 < stats.filled:
        return False
    if any(sum(any(map(str.isdigit, word)) for word in text.split()) > 1 for text in stats.words):
        return False  # a sentence with numbers is another one tomorrow
    return not is_state(field) and not any(is_unique_id(text) or tells_time(text) for text in stats.words)


def _is_amount(element: Element, field: Field, read: Reading, *, named: bool) -> bool:
    """Whether numbers of several rows may be added up; `named`: something says what each is."""
    stats = field.stats
    found = vocabulary.tokens((*(field.words or element.words)[-1:], *read.words[-1:]))
    if found & vocabulary.LEVELS or read.unit in ("celsius", "ratio", "volts", "hertz") or stats.least < 0:
        return False
    if stats.most > _TOTAL_BOUND / max(1, stats.count):
        return False
    return bool(found & vocabulary.AMOUNTS) or read.unit in ("bytes", "seconds") or (named and not field.words)


def _worth(element: Element, keys: Keys, field: Field, base: float) -> float:
    last = vocabulary.tokens(field.words[-1:] or element.words[-1:])
    all_ = vocabulary.tokens((*element.words[1:], *field.words))
    worth = base + _place_worth(element, keys)
    worth += 0.8 if last & vocabulary.WANTED else 0.3 if all_ & vocabulary.WANTED else 0
    worth -= 0.9 if all_ & vocabulary.DULL else 0
    worth -= 0.3 * max(0, len(field.words) - 2)
    return worth


def _place_worth(element: Element, keys: Keys) -> float:
    worth = 0.4 if element.repeats else 0.0
    worth += 0.3 if keys.own and keys.whole else 0.0
    worth -= 0.6 if element.place.count > 200 else 0.0
    worth -= 1.0 if vocabulary.head(element.words[-1:]) & vocabulary.EVENTS else 0.0
    worth -= 0.7 if vocabulary.tokens(element.words[-1:]) & vocabulary.DULL else 0.0
    return worth
