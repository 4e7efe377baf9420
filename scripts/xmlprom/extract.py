"""Stream a source through lxml and aggregate its rows, in constant memory.

Nothing counts before the document has closed cleanly: a truncated source shows only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping as Dict
from dataclasses import dataclass
from typing import Any, Optional

from lxml import etree

from xmlprom.aggregate import Table, Totals
from xmlprom.doctype import DoctypeGuard
from xmlprom.errors import RunError
from xmlprom.mapping import Mapping
from xmlprom.plan import (
    DocumentTarget,
    FieldTarget,
    Fields,
    Machine,
    Plan,
    RawRow,
    RowTarget,
    State,
    compile_plan,
    local_name,
    sparse_key,
)
from xmlprom.source import SourceFile, open_source

_MAX_DISTINCT = 10_000  # rows that are kept before they are aggregated
_MAX_TEXT = 1 << 16  # characters of one text
_ROOT = 1
OnBytes = Callable[[int, int], None]


@dataclass(frozen=True)
class Extraction:
    """What one source holds. `size` in bytes, `modified` in Unix seconds; see Totals for the counts."""

    path: str
    size: int
    modified: float
    rows: int
    folded: int
    invalid: int
    tables: tuple[Table, ...]


def extract(mapping: Mapping, path: str, on_bytes: Optional[OnBytes] = None) -> Extraction:
    """Read one source.

    :param on_bytes: is called with the bytes read so far and the file's size
    :raises RunError: if the source fails in any way
    """
    try:
        return _extract(mapping, path, on_bytes)
    except RunError as error:
        raise RunError(error.reason, f"{path}: {error}") from None


def _extract(mapping: Mapping, path: str, on_bytes: Optional[OnBytes]) -> Extraction:
    plan = compile_plan(mapping)
    source = open_source(path, mapping.limits.source_size)
    with source.stream:
        guard = DoctypeGuard()
        totals = Totals(mapping, plan)
        reader = _Reader(plan, totals, mapping.limits.depth, guard.on_lxml_doctype)
        _parse(source, reader, guard, on_bytes)
        tables = totals.finish(reader.documents)
    return Extraction(path, source.size, source.modified, totals.rows, totals.folded, totals.invalid, tables)


def _parse(source: SourceFile, reader: _Reader, guard: DoctypeGuard, on_bytes: Optional[OnBytes]) -> None:
    parser = etree.XMLParser(
        target=reader, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    read = 0
    try:
        for chunk in source.chunks():
            guard.feed(chunk)
            parser.feed(chunk)
            reader.drain_if_full()
            read += len(chunk)
            if on_bytes:
                on_bytes(read, source.size)
        guard.feed(b"", last=True)
        parser.close()
        guard.close()
    except etree.XMLSyntaxError as error:
        raise RunError("malformed", _fault(error.msg or "", source.size)) from None


def _fault(message: str, size: int) -> str:
    if size == 0:
        return "the file is empty"
    if message.startswith(("Document is empty", "Start tag expected")):
        return "this is no XML: an element's start is expected at its beginning"
    return f"not well-formed XML: {' '.join(message.split())}"


class _Row:
    """A row that is not complete yet; `depth` counts the elements around it."""

    __slots__ = ("depth", "texts")

    def __init__(self, depth: int, texts: list[Optional[str]]) -> None:
        self.depth = depth
        self.texts = texts


class _Capture:
    """An element whose text is wanted, into `texts[column]`; `direct`: not that of the elements in it."""

    __slots__ = ("depth", "direct", "texts", "column", "parts", "length")

    def __init__(self, depth: int, direct: bool, texts: list[Optional[str]], column: int) -> None:
        self.depth = depth
        self.direct = direct
        self.texts = texts
        self.column = column
        self.parts: list[str] = []
        self.length = 0


class _Reader:
    """lxml parser target (https://lxml.de/parsing.html#the-target-parser-interface).

    `start`, `end` and `data` run once per event and decide the speed, hence closures instead of attributes, and a
    short way for a mapping that counts start tags.
    """

    start: Callable[[str, Dict[str, str]], None]
    end: Callable[[str], None]
    data: Callable[[str], None]

    def __init__(self, plan: Plan, totals: Totals, max_depth: int, on_doctype: Callable[[], None]) -> None:
        self.documents: list[Optional[str]] = [None] * len(plan.documents)
        self._plan = plan
        self._totals = totals
        self._max_depth = max_depth
        self._on_doctype = on_doctype
        self._machine = Machine(plan)
        self._first_seen: list[tuple[State, object]] = []  # keys of all `State.counts`, in the source's order
        self._equal_rows: dict[tuple[int, RawRow], int] = {}
        if plan.start_tags_suffice:
            self._count_start_tags()
        else:
            self._read_everything()

    def doctype(self, *_identifiers: Any) -> None:
        self._on_doctype()

    def close(self) -> None:
        self.drain()

    def drain_if_full(self) -> None:
        if len(self._first_seen) + len(self._equal_rows) > _MAX_DISTINCT:
            self.drain()

    def drain(self) -> None:
        """Hand the rows that were counted by equality to the metrics."""
        for state, key in self._first_seen:
            counts = state.counts or {}
            self._totals.add(state.targets[0].fields.number, state.row(key), counts.pop(key))  # type: ignore[union-attr]
        self._first_seen.clear()
        for (section, row), times in self._equal_rows.items():
            self._totals.add(section, row, times)
        self._equal_rows.clear()

    def _count_start_tags(self) -> None:
        state = self._machine.start
        around: list[State] = []
        push, pop = around.append, around.pop
        first_seen = self._first_seen.append
        enter = self._enter_counted
        max_depth = self._max_depth

        def start(tag: str, attributes: Dict[str, str]) -> None:
            nonlocal state
            push(state)
            state = state[tag]
            counts = state.counts
            if counts is not None:
                try:
                    key = state.key(attributes)
                except KeyError:
                    key = sparse_key(state, attributes)
                if key in counts:
                    counts[key] += 1
                else:
                    counts[key] = 1
                    first_seen((state, key))
            elif state.active or len(around) in (_ROOT, max_depth + 1):
                state = enter(state, attributes, len(around))

        def end(_tag: str) -> None:
            nonlocal state
            state = pop()

        self.start, self.end = start, end

    def _enter_counted(self, state: State, attributes: Dict[str, str], depth: int) -> State:
        state = state.decide(attributes)
        self._check_depth(state, depth)
        for target in state.targets:
            if isinstance(target, RowTarget):
                self._add(target.fields, _start_texts(target.fields, state.tag, attributes, []))
        return state

    def _read_everything(self) -> None:
        state = self._machine.start
        around: list[tuple[State, str, Dict[str, str]]] = []
        open_rows: list[list[_Row]] = [[] for _ in self._plan.sections]
        captures: list[_Capture] = []
        max_depth = self._max_depth

        def start(tag: str, attributes: Dict[str, str]) -> None:
            nonlocal state
            depth = len(around)
            around.append((state, tag, attributes))
            state = state[tag]
            if state.active:
                state = state.decide(attributes)
                for target in state.targets:
                    if isinstance(target, RowTarget):
                        self._open_row(target.fields, depth, around, open_rows)
                    elif isinstance(target, FieldTarget):
                        self._open_field(target, depth, tag, attributes, open_rows, captures)
                    else:
                        self._open_document(target, depth, tag, attributes, captures)
            if depth == 0 or depth >= max_depth:
                self._check_depth(state, depth + 1)

        def end(_tag: str) -> None:
            nonlocal state
            if state.targets:
                depth = len(around) - 1
                while captures and captures[-1].depth == depth:
                    capture = captures.pop()
                    capture.texts[capture.column] = "".join(capture.parts).strip()
                for target in state.targets:
                    if isinstance(target, RowTarget) and not target.fields.at_start:
                        self._add(target.fields, open_rows[target.fields.number].pop().texts)
            state = around.pop()[0]

        def data(text: str) -> None:
            for capture in captures:
                if not capture.direct or capture.depth == len(around) - 1:
                    capture.parts.append(text)
                    capture.length += len(text)
                    if capture.length > _MAX_TEXT:
                        raise RunError("limit", f"a text is longer than {_MAX_TEXT} characters: {text[:40]!r}...")

        self.start, self.end, self.data = start, end, data

    def _check_depth(self, state: State, depth: int) -> None:
        if depth == _ROOT and not self._machine.can_have_rows(state):
            paths = ", ".join(dict.fromkeys(fields.rows.text for fields in self._plan.sections))
            namespace, _, name = state.tag.rpartition("}")
            of_namespace = f" (of namespace {namespace[1:]}: write {{*}}{name}, or declare a prefix)" if namespace else ""
            raise RunError("root", f"the root element {name}{of_namespace} can't match the rows' path {paths}")
        if depth > self._max_depth:
            raise RunError("limit", f"elements are nested deeper than limits.depth, {self._max_depth}")

    def _open_row(
        self,
        fields: Fields,
        depth: int,
        around: list[tuple[State, str, Dict[str, str]]],
        open_rows: list[list[_Row]],
    ) -> None:
        _, tag, attributes = around[-1]
        texts = _start_texts(fields, tag, attributes, around)
        if fields.at_start:
            self._add(fields, texts)
        else:
            open_rows[fields.number].append(_Row(depth, texts))

    def _open_field(
        self,
        target: FieldTarget,
        depth: int,
        tag: str,
        attributes: Dict[str, str],
        open_rows: list[list[_Row]],
        captures: list[_Capture],
    ) -> None:
        for row in reversed(open_rows[target.fields.number]):
            if row.depth == depth - target.depth:
                _read_leaf(target.leaf, depth, tag, attributes, row.texts, target.column, captures)
                return

    def _open_document(
        self, target: DocumentTarget, depth: int, tag: str, attributes: Dict[str, str], captures: list[_Capture]
    ) -> None:
        _read_leaf(target.leaf, depth, tag, attributes, self.documents, target.number, captures)

    def _add(self, fields: Fields, texts: list[Optional[str]]) -> None:
        if fields.ordered:
            self._totals.add(fields.number, tuple(texts))
        else:
            key = (fields.number, tuple(texts))
            self._equal_rows[key] = self._equal_rows.get(key, 0) + 1


def _start_texts(
    fields: Fields, tag: str, attributes: Dict[str, str], around: list[tuple[State, str, Dict[str, str]]]
) -> list[Optional[str]]:
    """The columns of a row that are known at its start tag; `around` ends with the row itself."""
    texts: list[Optional[str]] = []
    for path in fields.paths:
        if path.up:
            above = around[-1 - path.up] if path.up < len(around) else None
            _, its_tag, its_attributes = above or (None, "", {})
            texts.append(its_attributes.get(path.attribute) if path.attribute else local_name(its_tag))
        elif path.steps or path.leaf == "text()":
            texts.append(None)
        else:
            texts.append(attributes.get(path.attribute) if path.attribute else local_name(tag))
    return texts


def _read_leaf(
    leaf: str,
    depth: int,
    tag: str,
    attributes: Dict[str, str],
    texts: list[Optional[str]],
    column: int,
    captures: list[_Capture],
) -> None:
    """Put what a path ends with into `texts[column]`, unless an earlier element of the same path was there first."""
    if texts[column] is not None:
        return
    if leaf.startswith("@"):
        texts[column] = attributes.get(leaf[1:])
    elif leaf == "name()":
        texts[column] = local_name(tag)
    else:
        texts[column] = ""  # claims the column; the text comes with the end tag
        captures.append(_Capture(depth, leaf == "text()", texts, column))
