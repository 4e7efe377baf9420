"""The lxml parser target that turns the events of a document into rows.

https://lxml.de/parsing.html#the-target-parser-interface. Its `start`, `end` and `data` run once per event and decide
the speed: hence closures rather than attributes, and short ways where a mapping needs little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.paths import attribute_texts
from xmlprom.reading.fields import Cell
from xmlprom.reading.holders import Attributes, Cells, Holder, local_name, several
from xmlprom.reading.into import Into, attribute_cell
from xmlprom.reading.keyed import Found, put_or_enter
from xmlprom.reading.open_row import Origin, Row
from xmlprom.reading.path_matcher import PathMatcher
from xmlprom.reading.patterns import Plan
from xmlprom.reading.row_counter import Locate, RowCounter, RowSink
from xmlprom.reading.state import State
from xmlprom.reading.texts import MAX_TEXT, OpenTexts, joined

if TYPE_CHECKING:
    from xmlprom.reading.actions import Actions


class Target:
    """What is common to all that takes a source's events. `documents`: the texts of absolute paths."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None]
    documents: list[Cell]

    def __init__(self, on_doctype: Callable[..., None]) -> None:
        self.documents = []
        self._on_doctype = on_doctype

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """The portions in which the parser is to be fed."""
        return (chunk,)

    def doctype(self, *identifiers: Any) -> None:
        self._on_doctype(*identifiers)

    def close(self) -> None:
        self.count()
        self.flush()

    def check_whole(self) -> None:
        """Make sure that all elements ended, once lxml found no fault.

        libxml2 before 2.12 takes the first byte that can't be decoded for the end of the document, without an error.

        :raises RunError: if there was no root element, or one has not ended
        """
        if not self.is_whole():
            raise RunError(
                reasons.MALFORMED, "not well-formed XML: it ends early, at bytes that are wrong in its encoding"
            )

    def is_whole(self) -> bool:
        """Whether all elements have ended."""
        raise NotImplementedError

    def count(self) -> None:
        """Count the rows since the last call; belongs behind each portion of the source."""

    def flush(self) -> None:
        """Give the rows that were counted to the metrics, in the source's order."""


class RowReader(Target):
    """Reads what a plan asks for, and hands rows to `sink`; equal rows are counted first.

    :param locate: gets the places of rows just before the sink gets the rows; the plan has to be an ordered one
    """

    data: Callable[[str], None]

    def __init__(
        self,
        plan: Plan,
        sink: RowSink,
        max_depth: int,
        on_doctype: Callable[..., None],
        locate: Locate | None = None,
    ) -> None:
        super().__init__(on_doctype)
        self._plan = plan
        self._line = 1
        self._row = 0
        self._traced = locate is not None
        if plan.start_tags_suffice:
            from xmlprom.reading.start_tag_counts import StartTagCounts  # noqa: PLC0415 - each module costs each run

            self._matcher = PathMatcher(plan, max_depth)
            counts = StartTagCounts(plan, self._matcher, sink)
            self.start, self.end, self._innermost = counts.start, counts.end, counts.innermost
            self._count, self._flush = counts.count, counts.flush
            return
        from xmlprom.reading.actions import Binder  # noqa: PLC0415 - see above
        from xmlprom.reading.waiting_rows import WaitingRows, complete  # noqa: PLC0415 - see above

        self._texts = OpenTexts(plan.held)
        self._counter = RowCounter(plan, sink, locate)
        self._waiting, self._complete = WaitingRows(plan, self._emit), complete
        self._document = Holder(None)
        self._document.texts = [None] * plan.document_width
        self._matcher = PathMatcher(plan, max_depth, Binder(self._document, self._waiting).actions)
        self._read()
        self.data = self._texts.handler(plan.wants_direct_text, self._innermost)
        self._count, self._flush = self._forget_and_count, self._counter.flush
        if locate:
            self._trace()

    def _read(self) -> None:
        """Make the handlers of elements."""
        state = self._matcher.start
        enter, leave, data = self._enter, self._leave, self._texts.data

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            state = state[tag]
            if state.active:
                if state.undecided:
                    state = state.decide(attributes)
                if state.only_text is not None:
                    state.begin = len(data)
                else:
                    enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state
            if state.active:
                if state.only_text is not None:
                    texts = state.row.texts
                    if texts[state.column] is None:
                        text = "".join(data[state.begin :])
                        texts[state.column] = text.strip() if len(text) <= MAX_TEXT else joined([text])
                    else:
                        _repeat(state)
                else:
                    leave(state)
            state = state.up

        self.start, self.end, self._innermost = start, end, lambda: state

    def _enter(self, state: State, attributes: Attributes) -> None:
        for row in state.open_rows:
            row.texts = row.at_start_tag(attributes)
        if state.counted:
            state.counters.clear()
        if state.opens and state.actions:
            self._open(state, state.actions, attributes)
        for row in state.whole:
            self._counter.rows[row.section].append(tuple(row.at_start_tag(attributes)))  # type: ignore[arg-type]

    def _open(self, state: State, actions: Actions, attributes: Attributes) -> None:
        """Begin what stays open until the element ends."""
        if actions.above:
            state.attributes = attributes
        for frame in actions.frames:
            frame.open()
        for siblings in actions.siblings:
            siblings.awaited.clear()
        for row in actions.following:
            self._release(row)
        for keyed in actions.keyed:
            keyed.open(attributes)
        self._take_texts(state, actions, attributes)

    def _take_texts(self, state: State, actions: Actions, attributes: Attributes) -> None:
        """Take what paths end with at this element."""
        if actions.sibling_texts:
            self._take_siblings(state, actions, attributes)
        for beside, wanted, into in actions.beside_texts:
            if beside.comes(wanted, wanted.position):
                self._take(into, wanted.leaf, state, attributes)
        for into, leaf in actions.texts:
            self._take(into, leaf, state, attributes)

    def _take_siblings(self, state: State, actions: Actions, attributes: Attributes) -> None:
        """Take what is beside elements whose key fits."""

        for siblings, target, into in actions.sibling_texts:
            keys = siblings.comes(target.position)
            if keys and target.leaf in ("element", "text()"):
                found = Into(Found(state, into, keys, self._plan.held), 0, "first", into.path, 0)
                self._take(found, target.leaf, state, attributes)
            elif keys:
                own = (
                    local_name(state.tag) if target.leaf == "name()" else attribute_cell(attributes, target.leaf, into)
                )
                put_or_enter(into, list(keys), own, self._plan.held)

    def _take(self, into: Into, leaf: str, state: State, attributes: Attributes) -> None:
        """Take what a path ends with, or begin to keep its text."""
        if leaf[0] == "@":
            for text in attribute_texts(attributes, leaf[1:]):
                into.put(text, self._plan.held)
        elif leaf == "name()":
            into.put(local_name(state.tag), self._plan.held)
        elif into.reserve():
            self._texts.begin(into, state.depth, leaf == "text()")

    def _leave(self, state: State) -> None:
        if self._texts.open:
            self._texts.end(state.depth)
        for row in state.ready_rows:
            self._counter.rows[row.section].append(tuple(row.texts))  # type: ignore[arg-type]
        if state.closes and state.actions:
            self._close(state, state.actions)
        else:
            self._finish(state)

    def _finish(self, state: State) -> None:
        """End rows that need more than what is in them."""
        for row in state.held_rows:
            if row.direct and self._complete(row, row.texts):
                self._counter.rows[row.section].append(tuple(row.texts))  # type: ignore[arg-type]
            else:
                self._waiting.finish(row)

    def _close(self, state: State, actions: Actions) -> None:
        """End what was open as long as the element; the texts that it gives come first."""
        for keyed in sorted(actions.keyed, key=lambda one: one.began):  # those of a union in XPath's order
            keyed.close(self._plan.held)
        self._finish(state)
        for beside in actions.besides:
            pending = beside.release()
            if pending:
                self._waiting.go_on(pending)
        for frame in actions.frames:
            frame.close()

    def _release(self, row: Row) -> None:
        """Let the row go after which this one follows: its siblings end here."""
        pending = row.beside.release() if row.beside else None
        if pending:
            self._waiting.go_on(pending)

    def _emit(self, row: Row, texts: Cells, times: int, origin: Origin | None) -> None:
        if row.plain and times == 1 and not self._traced:
            self._counter.rows[row.section].append(tuple(texts))  # type: ignore[arg-type]
        else:
            for whole in self._word_rows(row, texts) if row.fields.rows.words else (tuple(texts),):
                self._counter.add(row.section, whole, times)  # type: ignore[arg-type]
                if self._traced:
                    self._counter.origins[row.section].append(origin)

    @staticmethod
    def _word_rows(row: Row, texts: Cells) -> Iterator[tuple[object, ...]]:
        from xmlprom.reading.row_words import word_rows  # noqa: PLC0415 - few mappings have them

        return word_rows(row, texts)

    def _trace(self) -> None:
        start, end, innermost = self.start, self.end, self._innermost

        def start_and_number(tag: str, attributes: Attributes) -> None:
            start(tag, attributes)
            for row in innermost().open_rows:
                self._row += 1
                row.origin = Origin(self._row, self._line)

        def end_and_note(tag: str) -> None:
            for row in innermost().ready_rows:
                self._counter.origins[row.section].append(row.origin)
            end(tag)

        self.start, self.end = start_and_number, end_and_note

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Whole portions, or lines to trace rows, since lxml gives a target no position."""
        if not self._traced:
            yield chunk
            return
        for line in chunk.splitlines(keepends=True):
            yield line
            self._line += line.endswith(b"\n")

    def is_whole(self) -> bool:
        return self._innermost() is self._matcher.start and bool(self._matcher.start)

    def count(self) -> None:
        self._count()

    def flush(self) -> None:
        self._flush()

    def close(self) -> None:
        super().close()
        if not self._plan.start_tags_suffice:
            self.documents = self._document.texts[: len(self._plan.documents)]  # type: ignore[assignment]

    def _forget_and_count(self) -> None:
        self._texts.forget(self._innermost())
        self._counter.count()


def _repeat(state: State) -> None:
    """A second element has the text: a fault, unless the path wants the first."""
    target = state.only_text
    if target and target.into.take != "first":
        state.row.fail(state.column, several(target.into.path, state.row))
