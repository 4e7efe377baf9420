"""The command line: `xmlprom collect | check | explain | draft | dashboard`."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from xmlprom import __version__
from xmlprom.commands.options import report
from xmlprom.errors import (
    SOURCE_FAILED,
    USAGE,
    MappingError,
    RunError,
    UsageError,
    free_memory,
    internal_error,
    package_error,
    printable,
)
from xmlprom.textfile.collector_files import DEFAULT_DIRECTORY


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (0 done, 1 the source failed, 2 command line or mapping wrong)."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        # Only the command that is asked for is imported: each module costs every one of the timer's runs.
        status: int = importlib.import_module(f"xmlprom.commands.{options.command}").run(options)
        sys.stdout.flush()
        return status
    except (MappingError, UsageError) as error:
        return _fail(str(error), USAGE)
    except RunError as error:
        return _fail(str(error), SOURCE_FAILED)
    except MemoryError:
        pass  # what fills the memory is held until this handler is left
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _fail(_message(error), SOURCE_FAILED)
    free_memory()
    return _fail("out of memory", SOURCE_FAILED)


def _message(error: Exception) -> str:
    """A message for what no step of the data's way expects; none where nobody reads."""
    if isinstance(error, ImportError):
        return str(package_error(error))
    if isinstance(error, OSError) and error.filename is None:  # files have names
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to flush
        return "" if isinstance(error, BrokenPipeError) else f"stdout can't be written: {error.strerror}"
    return str(internal_error(error))


def _text(value: str) -> str:
    """An argument that is a path or a word.

    :raises argparse.ArgumentTypeError: if it can be neither
    """
    if not value.strip() or "\0" in value:
        raise argparse.ArgumentTypeError("is empty" if not value.strip() else "holds a NUL character")
    return value


def _interval(value: str) -> int:
    """A time between two runs, in seconds.

    :raises argparse.ArgumentTypeError: if it is none
    """
    from xmlprom.mapping.quantities import TIMES, quantity  # noqa: PLC0415 - for containers alone

    seconds = quantity(value, TIMES)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{value!r} is not a time like 30s or 1min")
    return seconds


class _Help(argparse.HelpFormatter):
    """argparse's own, which makes one per option and imports shutil to learn the terminal's width: 2 ms in a run."""

    def __init__(self, prog: str) -> None:
        try:
            columns = os.get_terminal_size().columns
        except OSError:
            columns = 80
        super().__init__(prog, width=columns - 2)


class _Parser(argparse.ArgumentParser):
    """argparse's own, whose messages hold arguments as they are; a shell's glob makes arguments of files' names."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="xmlprom",
        description="Turn an XML file into metrics for node_exporter's textfile collector.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"xmlprom {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    common = _Parser(add_help=False, formatter_class=_Help)
    common.add_argument("mapping", metavar="MAPPING", type=_text, help="a mapping's path, or a collector's name")
    common.add_argument(
        "--source", metavar="PATH", type=_text, help="read this file or glob, or - for stdin, instead of the mapping's"
    )

    collect = commands.add_parser(
        "collect", parents=[common], formatter_class=_Help, help="read the source, write the .prom files"
    )
    collect.add_argument(
        "--output-dir",
        metavar="DIR",
        type=_text,
        default=DEFAULT_DIRECTORY,
        help=f"where node_exporter reads .prom files ({DEFAULT_DIRECTORY})",
    )
    collect.add_argument(
        "--neighbours",
        metavar="DIR",
        type=_text,
        action="append",
        default=[],
        help="another directory or glob that node_exporter reads, to find conflicts with its files; repeat for more",
    )
    collect.add_argument(
        "--only",
        metavar="LABEL=VALUE",
        action="append",
        default=[],
        help="of metrics with this label, keep only the series with this value; repeat for more",
    )
    either = collect.add_mutually_exclusive_group()
    either.add_argument(
        "--every",
        metavar="TIME",
        type=_interval,
        help="do not end, but run again after each 30s, 1min, 1h, …: a container's main process",
    )
    either.add_argument("--dry-run", action="store_true", help="write no file; the data file goes to stdout")
    # For a unit whose source another one fetched: the URL or the command that it came from.
    collect.add_argument("--fetched", metavar="ORIGIN", type=_text, help=argparse.SUPPRESS)
    # For ExecStopPost= of the unit: what systemd's $SERVICE_RESULT says of a run that was ended from outside.
    either.add_argument("--killed", metavar="WHY", type=_text, help=argparse.SUPPRESS)

    commands.add_parser(
        "check",
        parents=[common],
        formatter_class=_Help,
        help="report every fault of a mapping, and how it fits a source",
    )

    explain = commands.add_parser(
        "explain", parents=[common], formatter_class=_Help, help="show which rows made which series"
    )
    explain.add_argument("--json", action="store_true", help="for a program rather than a person")

    draft = commands.add_parser("draft", formatter_class=_Help, help="write a first mapping from samples of the XML")
    draft.add_argument(
        "samples",
        metavar="SAMPLE.xml",
        nargs="+",
        type=_text,
        help="files that the application wrote, on several hosts say, or - for stdin",
    )
    draft.add_argument(
        "--source", metavar="PATH", help="where the file is on the hosts, if not at the first sample's path"
    )

    dashboard = commands.add_parser(
        "dashboard", formatter_class=_Help, help="write a Grafana dashboard for the metrics of mappings"
    )
    dashboard.add_argument(
        "mappings", metavar="MAPPING", nargs="+", type=_text, help="a mapping's path, or a collector's name"
    )
    return parser


def _fail(message: str, status: int) -> int:
    report(message)
    return status
