"""`xmlprom collect`: read the sources, write the `.prom` files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from xmlprom.commands import collector_run
from xmlprom.commands.options import source_of
from xmlprom.errors import SUCCESS, UsageError
from xmlprom.mapping.loader import collector_name, load, mapping_file
from xmlprom.mapping.model import Mapping
from xmlprom.mapping.yaml_nodes import did_you_mean


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises MappingError, UsageError, RunError: see errors
    """
    job = _job(options)
    if options.killed:
        collector_run.record_killed(job, options.killed)
    work = collector_run.read if options.dry_run else collector_run.run
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
        collector_run.check_unwritten(job, output)
    return SUCCESS


def _job(options: argparse.Namespace) -> collector_run.Job:
    file = mapping_file(options.mapping)
    collector = collector_name(file)
    mapping = load(file)
    return collector_run.Job(
        mapping=mapping,
        source=source_of(options.source, mapping, file),
        only=_selection(options.only, mapping),
        collector=collector,
        directory=options.output_dir,
    )


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
