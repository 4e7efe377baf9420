"""`xmlprom collect`: read the sources, write the `.prom` files."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xmlprom import reasons
from xmlprom.commands.options import path_label, sources_of
from xmlprom.errors import SUCCESS, MappingError, RunError, UsageError, internal_error, package_error
from xmlprom.mapping.location import collector_name, is_collector_name, mapping_file
from xmlprom.reading.files import STANDARD_INPUT
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.failed_run import record_failure
from xmlprom.textfile.ownership import is_own

if TYPE_CHECKING:  # both need packages, and a run records that one is missing
    from xmlprom.commands import collector_run
    from xmlprom.mapping.model import Mapping


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises MappingError, UsageError, RunError: see errors
    """
    if options.every:
        from xmlprom.commands import loop  # noqa: PLC0415 - for containers alone

        if options.source == STANDARD_INPUT:
            raise UsageError("--every reads the source again and again, which standard input can't be: name a file")
        loop.hold_signals()
    files = CollectorFiles(collector_name(mapping_file(options.mapping)), options.output_dir, tuple(options.neighbours))
    if options.killed:
        error = RunError(reasons.KILLED, f"{files.collector}: the run was ended from outside: {options.killed}")
        record_failure(files, error, time.time())
        raise error
    started = time.time()
    try:
        job = _job(options, files)
    except Exception as error:
        if _is_collectors_run(options, files):
            with contextlib.suppress(RunError, MemoryError):  # the first failure says more
                record_failure(files, _as_run_error(error), started, interval=options.every)
        raise
    job = job._replace(only=_selection(options.only, job.mapping))
    if options.every:
        status = loop.run_every(options.every, job)
        if status is not None:
            return status
    return _collect(job, options.dry_run)


def _collect(job: collector_run.Job, dry_run: bool) -> int:
    from xmlprom.commands import collector_run  # noqa: PLC0415 - see run

    work = collector_run.read if dry_run else collector_run.run
    if sys.stderr.isatty() or job.only:
        from xmlprom.commands import terminal  # noqa: PLC0415 - the timer's runs have nobody to look at them

        with terminal.progress(sys.stderr) as on_bytes:
            output = work(job, on_bytes)
        terminal.warn_unmatched(output.extractions, job.only)
        if dry_run:
            terminal.show_tables(output.extractions, job.only, sys.stderr)
    else:
        output = work(job)
    if dry_run:
        sys.stdout.buffer.write(output.content)
        sys.stdout.flush()
        collector_run.check_unwritten(job, output)
    return SUCCESS


def _is_collectors_run(options: argparse.Namespace, files: CollectorFiles) -> bool:
    """Whether a failure before the run is one of a collector of this host, and not of a command line by hand."""
    return (
        not options.dry_run
        and is_collector_name(options.mapping)
        and (os.path.lexists(mapping_file(options.mapping)) or _has_run(files))
    )


def _has_run(files: CollectorFiles) -> bool:
    return os.path.lexists(files.status) and is_own(files.status, files.data, files.collector)


def _as_run_error(error: Exception) -> RunError:
    if isinstance(error, (MappingError, UsageError)):
        return RunError(reasons.MAPPING, str(error))
    if isinstance(error, ImportError):
        return package_error(error)
    if isinstance(error, MemoryError):
        return RunError(reasons.KILLED, "out of memory")
    return internal_error(error)


def _job(options: argparse.Namespace, files: CollectorFiles) -> collector_run.Job:
    from xmlprom.commands import collector_run  # noqa: PLC0415 - see run
    from xmlprom.mapping.loader import load  # noqa: PLC0415 - see run

    file = mapping_file(options.mapping)
    mapping = load(file)
    sources = sources_of(options.source, mapping, file)
    label = path_label(options.source, mapping, options.fetched)
    return collector_run.Job(mapping, sources, {}, files, label, options.every, options.fetched)


def _selection(given: Sequence[str], mapping: Mapping) -> dict[str, frozenset[str]]:
    labels = {label.name for metric in mapping.metrics for label in metric.labels}
    selection: dict[str, frozenset[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--only {text}: write LABEL=VALUE")
        if name not in labels:
            from xmlprom.mapping.yaml_nodes import did_you_mean  # noqa: PLC0415 - only a fault pays for it

            known = f": the labels are {', '.join(sorted(labels))}" if labels else ": no metric has labels"
            raise UsageError(f"--only {text}: no metric has the label {name!r}{did_you_mean(name, labels) or known}")
        selection[name] = selection.get(name, frozenset()) | {value}
    return selection
