"""lxml parser targets that turn the events of a document into rows.

https://lxml.de/parsing.html#the-target-parser-interface. Their `start`, `end` and `data` run once per event and
decide the speed: hence closures rather than attributes, and a short way for mappings that count start tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from typing import Any, Optional, Protocol

from xmlprom.errors import RunError
from xmlprom.machine import Machine, State
from xmlprom.plan import DocumentTarget, Fields, FieldTarget, Plan, RawRow, RowTarget, Target, local_name

_MAX_DISTINCT = 10_000  # rows that are kept before they are aggregated
_MAX_TEXT = 1 << 16  # characters of one text
Attributes = Dict[str, str]
Texts = list[Optional[str]]
Element = tuple[str, Attributes]


class RowSink(Protocol):
    """Takes rows: `times` equal ones of a section."""

    def add(self, section: int, row: RawRow, times: int = 1) -> None: ...


def make_reader(plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> Reader:
    """The reader that does no more than the plan needs; rows go to `sink`."""
    kind = StartTagReader if plan.start_tags_suffice else FullReader
    return kind(plan, sink, max_depth, on_doctype)


class Reader:
    """What both ways to read share. Equal rows are counted first and handed on together."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None]

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        self.documents: Texts = [None] * len(plan.documents)
        self.repeated: set[Target] = set()  # places of which a row, or the document, has several; the first counts
        self._plan = plan
        self._sink = sink
        self._max_depth = max_depth
        self._on_doctype = on_doctype
        self._machine = Machine(plan, max_depth)
        self._innermost: Callable[[], State]  # the state of the innermost open element
        self._equal_rows: dict[tuple[int, RawRow], int] = {}
        self._seldom_equal = False  # then counting them first is a detour

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """The portions in which the parser is to be fed."""
        return (chunk,)

    def doctype(self, *identifiers: Any) -> None:
        self._on_doctype(*identifiers)

    def close(self) -> None:
        self.drain()

    def check_whole(self) -> None:
        """Make sure that all elements ended, once lxml found no fault.

        libxml2 before 2.12 takes the first byte that can't be decoded for the end of the document, and tells nobody.

        :raises RunError: if there was no root element, or one has not ended
        """
        if not self._is_whole():
            raise RunError("malformed", "not well-formed XML: it ends early, at bytes that are wrong in its encoding")

    def _is_whole(self) -> bool:
        return self._innermost() is self._machine.start and bool(self._machine.start)

    def drain_if_full(self) -> None:
        if len(self._equal_rows) > _MAX_DISTINCT:
            self._seldom_equal = sum(self._equal_rows.values()) < 2 * len(self._equal_rows)
            self.drain()

    def drain(self) -> None:
        """Hand the rows that were counted to the metrics, in the source's order."""
        for (section, row), times in self._equal_rows.items():
            self._sink.add(section, row, times)
        self._equal_rows.clear()

    def _add(self, fields: Fields, texts: Texts) -> None:
        if fields.ordered or self._seldom_equal:
            self._sink.add(fields.number, tuple(texts))
        else:
            key = (fields.number, tuple(texts))
            self._equal_rows[key] = self._equal_rows.get(key, 0) + 1


class StartTagReader(Reader):
    """Counts start tags by their names and attributes."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._first_seen: list[tuple[State, object]] = []  # keys of all `State.counts`, in the source's order
        state = self._machine.start

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            state = state[tag]
            counts = state.counts
            if counts is not None:
                try:
                    counts[state.key(attributes)] += 1
                except KeyError:
                    self._count(state, attributes)
            elif state.active:
                state = self._enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state
            state = state.up

        self.start, self.end, self._innermost = start, end, lambda: state

    def _count(self, state: State, attributes: Attributes) -> None:
        """Count a row of which there may have been none before, or which lacks attributes."""
        assert state.counts is not None  # noqa: S101 - the caller has looked
        key = state.key_with_gaps(attributes)
        if key not in state.counts:
            state.counts[key] = 0
            self._first_seen.append((state, key))
        state.counts[key] += 1

    def _enter(self, state: State, attributes: Attributes) -> State:
        state = state.decide(attributes)
        for target in state.targets:
            if isinstance(target, RowTarget):
                self._add(target.fields, _own_texts(target.fields, state.tag, attributes))
        return state

    def drain_if_full(self) -> None:
        if len(self._first_seen) + len(self._equal_rows) > _MAX_DISTINCT:
            self.drain()

    def drain(self) -> None:
        for state, key in self._first_seen:
            self._sink.add(*state.take_counted(key))
        self._first_seen.clear()
        super().drain()


class _Capture:
    """An open element whose text is wanted, into `texts[column]`: all that is heard from `begin` on.

    `direct`: without the text of elements in it, hence with `parts` of its own.
    """

    __slots__ = ("depth", "direct", "texts", "column", "begin", "parts")

    def __init__(self, depth: int, direct: bool, texts: Texts, column: int, begin: int) -> None:
        self.depth = depth
        self.direct = direct
        self.texts = texts
        self.column = column
        self.begin = begin
        self.parts: list[str] = []


class FullReader(Reader):
    """Reads whatever a mapping can ask for.

    lxml hands every text to `data`, blanks between elements too, wanted or not. Nothing is faster than to keep
    them all in a list, to look at its end where an element ends whose text is wanted, and to forget the others
    with each chunk.
    """

    data: Callable[[str], None]

    def __init__(  # noqa: C901 - handlers, each simple, that share their variables
        self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]
    ) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._ancestors: list[Element] = []  # and the element itself; only if some path goes up
        self._open_rows: dict[tuple[int, int], Texts] = {}  # by section and depth: rows can stand in rows
        self._captures: list[_Capture] = []
        self._heard: list[str] = []
        begin = -1  # of the text, in `heard`, of an element of which nothing else is wanted
        state = self._machine.start
        open_rows, captures, heard = self._open_rows, self._captures, self._heard

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state, begin
            state = state[tag]
            if state.active:
                if state.undecided:
                    state = state.decide(attributes)
                if state.only_text:
                    begin = len(heard)
                else:
                    self._enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state, begin
            if state.active:
                place = state.only_text
                if place:
                    row = open_rows[state.row]
                    if row[place.column] is None:
                        text = "".join(heard[begin:])
                        row[place.column] = text.strip() if len(text) <= _MAX_TEXT else _joined([text])
                    else:
                        self.repeated.add(place)
                    begin = -1
                else:
                    self._leave(state)
            state = state.up

        def data(text: str) -> None:
            heard.append(text)
            for capture in captures:
                if capture.direct and capture.depth == state.depth:
                    capture.parts.append(text)

        def forget() -> None:
            nonlocal begin
            begins = [capture.begin for capture in captures if not capture.direct]
            first = min([*begins, begin] if begin >= 0 else begins, default=len(heard))
            del heard[:first]
            begin -= first
            for capture in captures:
                capture.begin -= first

        self.start, self.end, self._forget, self._innermost = start, end, forget, lambda: state
        self.data = data if plan.wants_direct_text else heard.append
        if plan.looks_up:
            self._remember_ancestors()

    def _remember_ancestors(self) -> None:
        start, end, ancestors = self.start, self.end, self._ancestors

        def start_and_remember(tag: str, attributes: Attributes) -> None:
            ancestors.append((tag, attributes))
            start(tag, attributes)

        def end_and_forget(tag: str) -> None:
            end(tag)
            ancestors.pop()

        self.start, self.end = start_and_remember, end_and_forget

    def drain_if_full(self) -> None:
        self._forget()
        for parts in (self._heard, *(capture.parts for capture in self._captures)):
            _joined(parts)  # a text that never ends must not fill the memory
        super().drain_if_full()

    def _enter(self, state: State, attributes: Attributes) -> None:
        for target in state.targets:
            if isinstance(target, RowTarget):
                row = self._own_texts(target.fields, state.tag, attributes)
                if target.fields.at_start:
                    self._add(target.fields, row)
                else:
                    self._open_rows[target.fields.number, state.depth] = row
            elif isinstance(target, FieldTarget):
                row = self._open_rows[target.fields.number, state.depth - target.depth]
                self._read(target, state, attributes, row, target.column)
            else:
                self._read(target, state, attributes, self.documents, target.number)

    def _leave(self, state: State) -> None:
        captures = self._captures
        while captures and captures[-1].depth == state.depth:
            capture = captures.pop()
            capture.texts[capture.column] = _joined(capture.parts if capture.direct else self._heard[capture.begin :])
        for fields in state.ending:
            self._add(fields, self._open_rows.pop((fields.number, state.depth)))

    def _own_texts(self, fields: Fields, tag: str, attributes: Attributes) -> Texts:
        return _own_texts(fields, tag, attributes, self._ancestors)

    def _read(
        self, target: FieldTarget | DocumentTarget, state: State, attributes: Attributes, texts: Texts, column: int
    ) -> None:
        """Put what a path ends with into `texts[column]`, unless an element before matched the same path."""
        if texts[column] is not None:
            self.repeated.add(target)
        elif target.leaf[0] == "@":
            texts[column] = attributes.get(target.leaf[1:])
        elif target.leaf == "name()":
            texts[column] = local_name(state.tag)
        else:
            texts[column] = ""  # takes the column; the text comes with the end tag
            direct = target.leaf == "text()"
            self._captures.append(_Capture(state.depth, direct, texts, column, len(self._heard)))


class TracingReader(FullReader):
    """Tells where rows stand: each row ends with two more columns, its number and its line, counted from 1."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._line = 1
        self._rows = 0

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Lines, since libxml2 does not tell a target where it is."""
        for line in chunk.splitlines(keepends=True):
            yield line
            self._line += line.endswith(b"\n")

    def _own_texts(self, fields: Fields, tag: str, attributes: Attributes) -> Texts:
        self._rows += 1
        return [*super()._own_texts(fields, tag, attributes), str(self._rows), str(self._line)]


def _own_texts(fields: Fields, tag: str, attributes: Attributes, ancestors: Sequence[Element] = ()) -> Texts:
    """The columns of a row that are known at its start tag; `ancestors` end with the row itself."""
    texts: Texts = [None] * len(fields.paths)
    for column, up, attribute in fields.own:
        its_tag, its_attributes = tag, attributes
        if up:
            its_tag, its_attributes = ancestors[-1 - up] if up < len(ancestors) else ("", {})
        texts[column] = its_attributes.get(attribute) if attribute else local_name(its_tag)
    return texts


def _joined(parts: list[str]) -> str:
    """The text of an element.

    :raises RunError: if it is too long
    """
    text = "".join(parts)
    if len(text) > _MAX_TEXT:
        raise RunError("limit", f"a text is longer than {_MAX_TEXT} characters: {text[:40]!r}...")
    return text.strip()
