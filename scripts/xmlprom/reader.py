"""lxml parser targets that turn the events of a document into rows.

https://lxml.de/parsing.html#the-target-parser-interface. Their `start`, `end` and `data` run once per event and
decide the speed: hence closures rather than attributes, and a short way for mappings that count start tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from typing import Any, Optional, Protocol

from xmlprom.errors import RunError
from xmlprom.plan import (
    DocumentTarget,
    Fields,
    FieldTarget,
    Machine,
    Plan,
    RawRow,
    RowTarget,
    State,
    Target,
    local_name,
)

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
    shallow = all(len(fields.rows.steps) <= max_depth for fields in plan.sections)
    kind = StartTagReader if plan.start_tags_suffice and shallow else FullReader
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
        self._machine = Machine(plan)
        self._around: list[State] = []  # the states around each open element
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
        return not self._around and bool(self._machine.start)

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

    def _check(self, state: State, depth: int) -> None:
        """Check the root, which has depth 1, and the nesting."""
        if depth == 1 and not self._machine.can_have_rows(state):
            paths = ", ".join(dict.fromkeys(fields.rows.text for fields in self._plan.sections))
            namespace, _, name = state.tag.rpartition("}")
            hint = f" (of namespace {namespace[1:]}: write {{*}}{name}, or declare a prefix)" if namespace else ""
            raise RunError("root", f"the root element {name}{hint} can't match the rows' path {paths}")
        if depth > self._max_depth:
            raise RunError("limit", f"elements are nested deeper than limits.depth, {self._max_depth}")


class StartTagReader(Reader):
    """Counts start tags by their names and attributes."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._first_seen: list[tuple[State, object]] = []  # keys of all `State.counts`, in the source's order
        state = self._machine.start
        around = self._around
        push, pop = around.append, around.pop
        first_seen = self._first_seen.append

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            push(state)
            state = state[tag]
            counts = state.counts
            if counts is not None:
                key = state.key(attributes)
                try:
                    counts[key] += 1
                except KeyError:
                    counts[key] = 1
                    first_seen((state, key))
            elif state.active or len(around) == 1 or len(around) > max_depth:
                state = self._enter(state, attributes, len(around))

        def end(_tag: str) -> None:
            nonlocal state
            state = pop()

        self.start, self.end = start, end

    def _enter(self, state: State, attributes: Attributes, depth: int) -> State:
        state = state.decide(attributes)
        self._check(state, depth)
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

    def __init__(  # noqa: C901, PLR0915 - handlers, each simple, that share their variables
        self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]
    ) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._ancestors: list[Element] = []  # and the element itself; only if some path goes up
        self._open_rows: list[dict[int, Texts]] = [{} for _ in plan.sections]  # by depth: rows can stand in rows
        self._captures: list[_Capture] = []
        self._heard: list[str] = []
        state = self._machine.start
        begin = -1  # of the text, in `heard`, of an element of which nothing else is wanted
        around, open_rows, captures, heard = self._around, self._open_rows, self._captures, self._heard
        push, pop = around.append, around.pop
        checked_depth = 0

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state, begin, checked_depth
            push(state)
            state = state[tag]
            if state.active:
                if state.undecided:
                    state = state.decide(attributes)
                if state.only_text:
                    begin = len(heard)
                else:
                    self._enter(state, tag, attributes)
            if len(around) > checked_depth:
                self._check(state, len(around))
                checked_depth = max_depth

        def end(_tag: str) -> None:
            nonlocal state, begin
            if state.active:
                if state.only_text:
                    section, column, up = state.place
                    row = open_rows[section][len(around) - up]
                    if row[column] is None:
                        row[column] = _joined(heard[begin:])
                    else:
                        self.repeated.add(state.only_text)
                    begin = -1
                else:
                    self._leave(state)
            state = pop()

        def data(text: str) -> None:
            heard.append(text)
            for capture in captures:
                if capture.direct and capture.depth == len(around):
                    capture.parts.append(text)

        def forget() -> None:
            nonlocal begin
            begins = [capture.begin for capture in captures if not capture.direct]
            first = min([*begins, begin] if begin >= 0 else begins, default=len(heard))
            del heard[:first]
            begin -= first
            for capture in captures:
                capture.begin -= first

        self.start, self.end, self._forget = start, end, forget
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

    def _enter(self, state: State, tag: str, attributes: Attributes) -> None:
        depth = len(self._around)
        for target in state.targets:
            if isinstance(target, RowTarget):
                row = self._own_texts(target.fields, tag, attributes)
                if target.fields.at_start:
                    self._add(target.fields, row)
                else:
                    self._open_rows[target.fields.number][depth] = row
            elif isinstance(target, FieldTarget):
                row = self._open_rows[target.fields.number][depth - target.depth]
                self._read(target, tag, attributes, row, target.column)
            else:
                self._read(target, tag, attributes, self.documents, target.number)

    def _leave(self, state: State) -> None:
        depth = len(self._around)
        while self._captures and self._captures[-1].depth == depth:
            capture = self._captures.pop()
            capture.texts[capture.column] = _joined(capture.parts if capture.direct else self._heard[capture.begin :])
        for fields in state.ending:
            self._add(fields, self._open_rows[fields.number].pop(depth))

    def _own_texts(self, fields: Fields, tag: str, attributes: Attributes) -> Texts:
        return _own_texts(fields, tag, attributes, self._ancestors)

    def _read(
        self, target: FieldTarget | DocumentTarget, tag: str, attributes: Attributes, texts: Texts, column: int
    ) -> None:
        """Put what a path ends with into `texts[column]`, unless an element before matched the same path."""
        if texts[column] is not None:
            self.repeated.add(target)
        elif target.leaf[0] == "@":
            texts[column] = attributes.get(target.leaf[1:])
        elif target.leaf == "name()":
            texts[column] = local_name(tag)
        else:
            texts[column] = ""  # takes the column; the text comes with the end tag
            direct = target.leaf == "text()"
            self._captures.append(_Capture(len(self._around), direct, texts, column, len(self._heard)))


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
