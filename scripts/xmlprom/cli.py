"""The command line: `xmlprom collect | check | explain`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xmlprom import __version__
from xmlprom.errors import MappingError, RunError, UsageError, free_memory, internal_error, missing_package
from xmlprom.mapping.loader import collector_name, load, mapping_file
from xmlprom.mapping.model import Mapping
from xmlprom.mapping.naming import naming_advice
from xmlprom.mapping.yaml_nodes import did_you_mean
from xmlprom.textfile.atomic_write import DEFAULT_DIRECTORY

if TYPE_CHECKING:
    from xmlprom.commands.collect import Job

SUCCESS, SOURCE_FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (0 done, 1 the source failed, 2 command line or mapping wrong)."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.command(options)
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
        return _fail(_told(error), SOURCE_FAILED)
    free_memory()
    return _fail("out of memory", SOURCE_FAILED)


def _told(error: Exception) -> str:
    """A message for what no step of the data's way expects; none where nobody reads."""
    if isinstance(error, ModuleNotFoundError):
        return missing_package(error)
    if isinstance(error, OSError) and error.filename is None:  # files have names
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to flush
        return "" if isinstance(error, BrokenPipeError) else f"stdout can't be written: {error.strerror}"
    return str(internal_error(error))


class _Help(argparse.HelpFormatter):
    """argparse's own, which makes one per option and imports shutil to learn the terminal's width: 2 ms in a run."""

    def __init__(self, prog: str) -> None:
        try:
            columns = os.get_terminal_size().columns
        except OSError:
            columns = 80
        super().__init__(prog, width=columns - 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xmlprom",
        description="Turn an XML file into metrics for node_exporter's textfile collector.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"xmlprom {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    common = argparse.ArgumentParser(add_help=False, formatter_class=_Help)
    common.add_argument("mapping", metavar="MAPPING", help="a mapping's path, or a collector's name")
    common.add_argument("--source", metavar="PATH", help="read this file or glob instead of the mapping's source")

    collect = commands.add_parser(
        "collect", parents=[common], formatter_class=_Help, help="read the source, write the .prom files"
    )
    collect.add_argument(
        "--output-dir",
        metavar="DIR",
        default=DEFAULT_DIRECTORY,
        help=f"where node_exporter reads .prom files ({DEFAULT_DIRECTORY})",
    )
    collect.add_argument(
        "--only",
        metavar="LABEL=VALUE",
        action="append",
        default=[],
        help="of metrics with this label, keep only the series with this value; repeat for more",
    )
    collect.add_argument("--dry-run", action="store_true", help="write no file; the data file goes to stdout")
    # For ExecStopPost= of the unit: what systemd's $SERVICE_RESULT says of a run that was ended from outside.
    collect.add_argument("--killed", metavar="WHY", help=argparse.SUPPRESS)
    collect.set_defaults(command=_collect)

    check = commands.add_parser(
        "check",
        parents=[common],
        formatter_class=_Help,
        help="tell every fault of a mapping, and how it fits a source",
    )
    check.set_defaults(command=_check)

    explain = commands.add_parser(
        "explain", parents=[common], formatter_class=_Help, help="show which rows made which series"
    )
    explain.add_argument("--json", action="store_true", help="for a program rather than a person")
    explain.set_defaults(command=_explain)
    return parser


def _check(options: argparse.Namespace) -> int:
    file = mapping_file(options.mapping)
    mapping = load(file)
    for advice in naming_advice(mapping):
        print(f"{file}: {advice}")
    if not options.source:
        return SUCCESS
    from xmlprom.commands import check  # noqa: PLC0415 - without a source, lxml is not needed
    from xmlprom.reading import files  # noqa: PLC0415 - see above

    status = SUCCESS
    for path in files.find_sources(_source(options.source, mapping, file)):
        try:
            advices, faults = check.source_advice(mapping, path)
        except RunError as error:
            advices, faults = [], [str(error)]
        for advice in advices:
            print(advice)
        for fault in faults:
            status = _fail(fault, SOURCE_FAILED)
    return status


def _explain(options: argparse.Namespace) -> int:
    import json  # noqa: PLC0415 - every module costs each of the timer's runs

    from xmlprom.commands import explain, terminal  # noqa: PLC0415
    from xmlprom.reading import files  # noqa: PLC0415 - see above

    file = mapping_file(options.mapping)
    mapping = load(file)
    explanations, status = [], SUCCESS
    for path in files.find_sources(_source(options.source, mapping, file)):
        try:
            explanations.append(explain.explain(mapping, path))
        except RunError as error:
            status = _fail(str(error), SOURCE_FAILED)
    if options.json:
        json.dump(explain.to_json(explanations), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        terminal.show_explanations(explanations, sys.stdout)
    return SOURCE_FAILED if any(explanation.failed for explanation in explanations) else status


def _collect(options: argparse.Namespace) -> int:
    # Imported here: `check`, which every rollout runs, needs no lxml.
    from xmlprom.commands import collect  # noqa: PLC0415

    job = _job(options)
    if options.killed:
        collect.tell_killed(job, options.killed)
    work = collect.read if options.dry_run else collect.run
    if sys.stderr.isatty() or job.only:
        from xmlprom.commands import terminal  # noqa: PLC0415 - the timer's runs have nobody to look at them

        with terminal.progress(sys.stderr) as on_bytes:
            output = work(job, on_bytes)
        terminal.warn_unmatched(output.extractions, job.only)
        if options.dry_run:
            terminal.show_tables(output.extractions, job.only, sys.stderr)
    else:
        output = work(job)
    if options.dry_run:
        sys.stdout.buffer.write(output.content)
        sys.stdout.flush()
        collect.check_unwritten(job, output)
    return SUCCESS


def _job(options: argparse.Namespace) -> Job:
    from xmlprom.commands import collect  # noqa: PLC0415 - see _collect

    file = mapping_file(options.mapping)
    collector = collector_name(file)
    mapping = load(file)
    return collect.Job(
        mapping=mapping,
        source=_source(options.source, mapping, file),
        only=_selection(options.only, mapping),
        collector=collector,
        directory=options.output_dir,
    )


def _source(given: str | None, mapping: Mapping, file: str) -> str:
    source = given or mapping.source
    if not source:
        raise UsageError(f"{file}: the mapping names no source: add 'source: /path/to/file.xml', or use --source")
    return os.path.abspath(source)


def _selection(given: Sequence[str], mapping: Mapping) -> dict[str, frozenset[str]]:
    labels = {label.name for metric in mapping.metrics for label in metric.labels}
    selection: dict[str, frozenset[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--only {text}: write LABEL=VALUE")
        if name not in labels:
            known = f": the labels are {', '.join(sorted(labels))}" if labels else ": no metric has labels"
            raise UsageError(f"--only {text}: no metric has the label {name!r}{did_you_mean(name, labels) or known}")
        selection[name] = selection.get(name, frozenset()) | {value}
    return selection


def _fail(message: str, status: int) -> int:
    for line in message.splitlines():
        print(f"xmlprom: {line}", file=sys.stderr)
    return status
