"""The program's exceptions: each has a message for a person, a failed run also a reason for the metrics."""

from __future__ import annotations

import gc
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.reasons import Reason

SUCCESS, SOURCE_FAILED, USAGE = 0, 1, 2  # exit statuses


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
        super().__init__("\n".join(f"{file}:{p.line}:{p.column}: {p.message}" for p in self.problems))


class UsageError(Exception):
    """The command line is wrong. Exit status 2."""


class RunError(Exception):
    """The run failed, for one of `reasons`. Exit status 1."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)


def missing_package(error: ModuleNotFoundError) -> str:
    """What to install, after an import has failed."""
    package = str(error.name).partition(".")[0]
    return f"the Python package {package} is missing: install python3-{package}"


def free_memory() -> None:
    """Free the memory of a step that failed for lack of it. Call it after the except block, which still holds it."""
    gc.collect()  # a reader and its states refer to each other


def out_of_memory(source: str) -> RunError:
    """The run needs more memory than it may have."""
    return RunError(
        reasons.KILLED,
        f"{source}: out of memory: do many rows differ in a label? Leave it out, or raise the collector's memory_max",
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
