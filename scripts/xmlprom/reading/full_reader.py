"""Read a source for whatever a mapping can ask for: texts too, and what stands around a row."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.reading.path_matcher import State
from xmlprom.reading.patterns import DocumentTarget, FieldTarget, Plan, local_name
from xmlprom.reading.row_reader import Reader, RowCounter, RowSink
from xmlprom.reading.rows import Attributes, Texts

_MAX_TEXT = 1 << 16  # characters of one text


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
        self._counter = RowCounter(plan, sink)
        self._ancestors: list[Attributes] = []  # of all open elements; only if some path goes up to them
        self._captures: list[_Capture] = []
        self._heard: list[str] = []
        # `begin`: of the text, in `heard`, of an element of which nothing else is wanted.
        state, begin = self._matcher.start, -1
        ancestors, captures, heard, rows = self._ancestors, self._captures, self._heard, self._counter.rows

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state, begin
            state = state[tag]
            if state.active:
                if state.undecided:
                    state = state.decide(attributes)
                if state.only_text is not None:
                    begin = len(heard)
                else:
                    for row in state.open_rows:
                        row.texts = row.at_start_tag(attributes, ancestors)
                    if state.has_more:
                        self._enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state, begin
            if state.active:
                if state.only_text is not None:
                    texts = state.row.texts
                    if texts[state.column] is None:
                        text = "".join(heard[begin:])
                        texts[state.column] = text.strip() if len(text) <= _MAX_TEXT else _joined([text])
                    else:
                        self.repeated.add(state.only_text)
                    begin = -1
                else:
                    if captures:
                        self._end_captures(state.depth)
                    for row in state.open_rows:
                        rows[row.section].append(tuple(row.texts))
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
            ancestors.append(attributes)
            start(tag, attributes)

        def end_and_forget(tag: str) -> None:
            end(tag)
            ancestors.pop()

        self.start, self.end = start_and_remember, end_and_forget

    def count(self) -> None:
        self._forget()
        for parts in (self._heard, *(capture.parts for capture in self._captures)):
            _joined(parts)  # a text that never ends must not fill the memory
        self._counter.count()

    def flush(self) -> None:
        self._counter.flush()

    def _enter(self, state: State, attributes: Attributes) -> None:
        """Take what else a start tag tells than that rows start, and begin to listen for texts."""
        for row in state.whole:
            self._counter.rows[row.section].append(tuple(row.at_start_tag(attributes, self._ancestors)))
        for target, row in state.fields:
            self._read(target, state, attributes, row.texts, target.column)
        for document in state.documents:
            self._read(document, state, attributes, self.documents, document.number)

    def _end_captures(self, depth: int) -> None:
        """Take the texts of the element of this depth, which ends."""
        captures = self._captures
        while captures and captures[-1].depth == depth:
            capture = captures.pop()
            capture.texts[capture.column] = _joined(capture.parts if capture.direct else self._heard[capture.begin :])

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


def _joined(parts: list[str]) -> str:
    """The text of an element.

    :raises RunError: if it is too long
    """
    text = "".join(parts)
    if len(text) > _MAX_TEXT:
        raise RunError(reasons.LIMIT, f"a text is longer than {_MAX_TEXT} characters: {text[:40]!r}...")
    return text.strip()
