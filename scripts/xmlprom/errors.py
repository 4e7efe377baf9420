"""The program's exceptions: each has a message for a person, a failed run also a reason for the metrics."""

from __future__ import annotations

import gc
import os
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.reasons import Reason

SUCCESS, SOURCE_FAILED, USAGE = 0, 1, 2  # exit statuses
_MAX_MESSAGE = 1000  # characters of one fault
_MAX_PATH = 200  # characters of a path in a message
_MAX_QUOTED = 60  # characters of a source's text in a message


def printable(text: str, most: int = _MAX_MESSAGE) -> str:
    """A message of one line: without control characters, which could forge another line or rule a terminal.

    What is longer than `most` loses its middle.
    """
    shown = text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"
    if shown.isprintable():
        return shown
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in shown)


def quoted(text: str | None) -> str:
    """A text that comes from a source or a file, for a message: in quotes, printable and short."""
    return repr(text if text is None or len(text) <= _MAX_QUOTED else f"{text[: _MAX_QUOTED - 1]}…")


def path_text(path: str | os.PathLike[str]) -> str:
    """A path for a message: in quotes where it holds what can't be printed, shortened in its middle."""
    path = os.fspath(path)
    shown = path if len(path) <= _MAX_PATH else f"{path[: _MAX_PATH // 2]}…{path[-_MAX_PATH // 2 :]}"
    return shown if shown.isprintable() else repr(shown)


class Problem(NamedTuple):
    """One fault in a mapping: `line` and `column` count from 1, as editors do."""

    line: int
    column: int
    message: str


class Fault(NamedTuple):
    """Why a path has no text in a row: fails the run once a metric wants it."""

    reason: Reason
    message: str


class MappingError(Exception):
    """The mapping is wrong; `problems` holds every fault, in the file's order. Exit status 2."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda p: (p.line, p.column))
        super().__init__(
            "\n".join(f"{path_text(file)}:{p.line}:{p.column}: {printable(p.message)}" for p in self.problems)
        )


class UsageError(Exception):
    """The command line is wrong. Exit status 2."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class RunError(Exception):
    """The run failed, for one of `reasons`. Exit status 1."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(printable(message))


def package_error(error: ImportError) -> RunError:
    """What to install, after an import has failed."""
    package = str(error.name or "").partition(".")[0]
    if package in ("", "xmlprom"):
        return internal_error(error)
    if isinstance(error, ModuleNotFoundError):
        return RunError(reasons.PACKAGE, f"the Python package {package} is missing: install python3-{package}")
    return RunError(reasons.PACKAGE, f"the Python package {package} is broken, reinstall python3-{package}: {error}")


def free_memory() -> None:
    """Free the memory of a step that failed for lack of it. Call it after the except block, which still holds it."""
    gc.collect()  # a reader and its states refer to each other


def out_of_memory(source: str) -> RunError:
    """The run needs more memory than it may have."""
    return RunError(
        reasons.KILLED,
        f"{path_text(source)}: out of memory: do many rows differ in a label? Leave it out, or raise the collector's"
        " memory_max",
    )


def internal_error(error: BaseException) -> RunError:
    """A fault in xmlprom itself, as a failed run; the message names the module and line to report."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place is not None else "unknown place"
    return RunError(
        reasons.INTERNAL, f"a fault in xmlprom, please report it: {type(error).__name__}: {error} ({where})"
    )
