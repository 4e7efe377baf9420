"""Output for a person at a terminal, all on stderr: tables, progress, warnings. Only this module imports rich."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from xmlprom.errors import UsageError, path_text, printable, quoted
from xmlprom.reading.xml_parser import OnBytes
from xmlprom.series.aggregators import Distribution, SeriesValue
from xmlprom.series.extraction import Extraction
from xmlprom.series.families import Selection, selected, unmatched
from xmlprom.series.metric_totals import Table
from xmlprom.textfile.text_format import number

if TYPE_CHECKING:  # `collect` pays for neither
    from rich.table import Table as RichTable

    from xmlprom.commands.row_trace import Explanation, MetricExplained, Rows

_PATIENCE = 1.0  # seconds before a progress bar appears
_MAX_LINES = 40  # of one table
_MAX_VALUES = 10  # that a warning names
_BAR_WIDTH = 40


@contextlib.contextmanager
def progress(stream: TextIO) -> Iterator[OnBytes | None]:
    """A function to call with the bytes read so far; it draws a bar once reading takes longer than _PATIENCE."""
    if not stream.isatty():
        yield None
        return
    rich_progress = _rich("progress")
    if rich_progress is None:
        yield None
        return
    started = time.monotonic()
    columns = (
        rich_progress.TextColumn("reading"),
        rich_progress.BarColumn(_BAR_WIDTH),
        rich_progress.DownloadColumn(),
        rich_progress.TimeRemainingColumn(),
    )
    with contextlib.ExitStack() as stack:
        bar = rich_progress.Progress(*columns, console=_console(stream), transient=True)
        tasks: list[object] = []

        def on_bytes(read: int, size: int) -> None:
            if not tasks and time.monotonic() - started > _PATIENCE:
                stack.enter_context(bar)
                tasks.append(bar.add_task("read"))
            if tasks:
                bar.update(tasks[0], completed=read, total=size)

        yield on_bytes


def warn_unmatched(extractions: Iterable[Extraction], only: Selection) -> None:
    """Warn about each value of --only that no series has."""
    for label, value, there in unmatched(list(extractions), only):
        some = ", ".join(map(quoted, there[:_MAX_VALUES])) + (", …" if len(there) > _MAX_VALUES else "")
        known = f"there are: {some}" if there else "the label has no values in this source"
        warning = f"xmlprom: warning: --only {label}={value} matches nothing; {known}"
        print(printable(warning), file=sys.stderr)


def show_tables(extractions: Iterable[Extraction], only: Selection, stream: TextIO) -> None:
    """Show the series, one table per metric, if `stream` is a terminal."""
    if not stream.isatty() or _rich("table") is None:
        return
    console = _console(stream)
    for extraction in extractions:
        _say(console, f"{path_text(extraction.path)}: {extraction.rows} rows")
        for table in extraction.tables:
            console.print()
            _say(console, table.metric.name, "bold")
            console.print(_table(table, only))


def show_explanations(explanations: Iterable[Explanation], stream: TextIO) -> None:
    """Show where each series comes from.

    :raises UsageError: if rich is not installed
    """
    rich_table = _rich("table")
    if rich_table is None:
        raise UsageError("explain draws with rich, which is not installed: install python3-rich, or use --json")
    console = _console(stream)
    for explanation in explanations:
        _say(console, f"{path_text(explanation.path)}: {explanation.rows} rows")
        for metric in explanation.metrics:
            console.print()
            _say(console, metric.name, "bold")
            console.print(_explained(metric) if metric.series else "  no series")
            if len(metric.series) > _MAX_LINES:
                _say(console, f"  and {len(metric.series) - _MAX_LINES} more series")
            for why, rows in metric.notes.items():
                _say(console, f"  {why}: {_rows(rows)}")
        if explanation.untaken.count:
            console.print()
            _say(console, f"no metric took {_rows(explanation.untaken)}")
        for why, rows in explanation.failed.items():
            console.print()
            _say(console, f"fails: {why}: {_rows(rows)}", "red")


def _explained(metric: MetricExplained) -> RichTable:
    shown: RichTable = _rich("table").Table(header_style="", box=_rich("box").SIMPLE)
    for name in metric.series[0].labels:
        shown.add_column(name)
    for name in ("value", "rows"):
        shown.add_column(name, justify="right")
    shown.add_column("first rows")
    for series in metric.series[:_MAX_LINES]:
        values = map(_escaped, series.labels.values())
        shown.add_row(*values, _number(series.value), str(series.rows.count), _first(series.rows))
    return shown


def _say(console, text: str, style: str | None = None) -> None:  # type: ignore[no-untyped-def]  # see _rich
    console.print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def _rows(rows: Rows) -> str:
    return f"{rows.count} row{'s' if rows.count != 1 else ''}, {_first(rows)}"


def _first(rows: Rows) -> str:
    places = ", ".join(f"{number} (line {line})" for number, line in rows.first)
    return places + ("…" if rows.count > len(rows.first) else "")


def _table(table: Table, only: Selection) -> RichTable:
    """The last label's values are columns, the other labels' values rows; a metric without labels is one cell."""
    rich_table = _rich("table")
    series = list(selected(table, only))
    names = [label.name for label in table.metric.labels]
    across = list(dict.fromkeys(labels[names[-1]] for labels, _ in series)) if len(names) > 1 else []
    down = names[:-1] if across else names
    shown = rich_table.Table(header_style="")
    for name in down:
        shown.add_column(name)
    for value in across or [names[-1] if across else "value"]:
        shown.add_column(_escaped(value), justify="right")
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    for labels, cell in series:
        key = tuple(labels[name] for name in down)
        lines.setdefault(key, {})[labels[names[-1]] if across else "value"] = _number(cell)
    for key, cells in list(lines.items())[:_MAX_LINES]:
        shown.add_row(*map(_escaped, key), *(cells.get(column, "") for column in across or ["value"]))
    if len(lines) > _MAX_LINES:
        shown.caption = f"and {len(lines) - _MAX_LINES} more"
    return shown  # type: ignore[no-any-return]


def _escaped(text: str) -> str:
    """A source's text, printable and with rich's markup escaped."""
    return _rich("markup").escape(printable(text))  # type: ignore[no-any-return]


def _number(cell: SeriesValue) -> str:
    return f"{cell.count} (sum {number(cell.sum)})" if isinstance(cell, Distribution) else number(cell)


def _console(stream: TextIO):  # type: ignore[no-untyped-def]  # rich is imported only for a terminal
    return _rich("console").Console(file=stream)


def _rich(module: str):  # type: ignore[no-untyped-def]  # a module, or None where rich is not installed
    import importlib  # noqa: PLC0415

    try:
        return importlib.import_module(f"rich.{module}")
    except ImportError:
        return None
