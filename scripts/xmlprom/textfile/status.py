"""The status file: how the last run went. Every run writes it, also one that failed.

A metric is added to STATUS_METRICS alone. Its HELP is the same for all collectors and releases: node_exporter drops a
family whose HELP differs between two files.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xmlprom import __version__
from xmlprom.errors import RunError
from xmlprom.series.families import Family, Sample
from xmlprom.textfile.atomic_write import remove_abandoned, replace
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.ownership import check_owner, mark, read_start
from xmlprom.textfile.text_format import render

if TYPE_CHECKING:  # a run that fails for want of lxml has a status too
    from xmlprom.series.extraction import Extraction

_MAX_SIZE = 64 << 10  # bytes of a status file
LAST_SUCCESS = "xmlprom_last_success_timestamp_seconds"


class Run(NamedTuple):
    """One run of a collector: times in Unix seconds, `duration` in seconds if it is known, `error` if it failed.

    `max_age`, in seconds, and `series_limit` are the mapping's, None where it has none or can't be read.
    `interval`, in seconds, is that of a loop; a timer's is in the role's own file.
    """

    collector: str
    started: float
    duration: float | None
    error: RunError | None
    last_success: float | None
    extractions: Sequence[Extraction]
    series: int
    max_age: float | None
    series_limit: int | None
    interval: float | None = None


class StatusMetric(NamedTuple):
    """A gauge of the status file; `samples` gives its (labels beside `collector`, value) for a run, or nothing."""

    name: str
    help: str
    samples: Callable[[Run], Iterable[tuple[dict[str, str], float]]]


def _known(value: float | None) -> list[tuple[dict[str, str], float]]:
    return [] if value is None else [({}, value)]


def _of_sources(
    number: Callable[[Sequence[Extraction]], float],
) -> Callable[[Run], list[tuple[dict[str, str], float]]]:
    """What is only known after all sources were read; a failed run has no such sample."""
    return lambda run: _known(number(run.extractions)) if run.extractions else []


# The HELP texts never change between releases: see above.
STATUS_METRICS = (
    StatusMetric(
        "xmlprom_last_run_success",
        "Whether the last run replaced the data file",
        lambda run: _known(int(run.error is None)),
    ),
    StatusMetric(
        "xmlprom_last_run_failure",
        "Whether the last run failed for this reason",
        # Of 20 reasons at most one holds: the others' zeros would be most of what Prometheus keeps of a fleet.
        lambda run: [({"reason": run.error.reason}, 1)] if run.error else [],
    ),
    StatusMetric(
        "xmlprom_last_run_timestamp_seconds",
        "Unix time at which the last run started",
        lambda run: _known(run.started),
    ),
    StatusMetric(
        LAST_SUCCESS,
        "Unix time at which the last successful run started",
        lambda run: _known(run.last_success),
    ),
    StatusMetric(
        "xmlprom_last_run_duration_seconds",
        "Duration of the last run",
        lambda run: _known(run.duration),
    ),
    StatusMetric(
        "xmlprom_source_modified_timestamp_seconds",
        "Modification time of the oldest source",
        _of_sources(lambda sources: min(source.modified for source in sources)),
    ),
    StatusMetric(
        "xmlprom_source_max_age_seconds",
        "Age of a source from which its metrics are withdrawn",
        lambda run: _known(run.max_age),
    ),
    StatusMetric(
        "xmlprom_source_size_bytes",
        "Total size of all sources",
        _of_sources(lambda sources: sum(source.size for source in sources)),
    ),
    StatusMetric(
        "xmlprom_rows",
        "Rows found in all sources",
        _of_sources(lambda sources: sum(source.rows for source in sources)),
    ),
    StatusMetric(
        "xmlprom_series",
        "Series written to the data file",
        lambda run: _known(run.series) if run.extractions else [],
    ),
    StatusMetric(
        "xmlprom_series_limit",
        "Largest number of series that one metric may have",
        lambda run: _known(run.series_limit),
    ),
    StatusMetric(
        "xmlprom_folded_rows",
        "Rows counted under a fallback label value",
        _of_sources(lambda sources: sum(source.folded for source in sources)),
    ),
    StatusMetric(
        "xmlprom_invalid_rows",
        "Rows left out of a metric because their value is not a number",
        _of_sources(lambda sources: sum(source.invalid for source in sources)),
    ),
    StatusMetric(
        "xmlprom_empty_metrics",
        "Metrics of which a source has rows but not one value",
        _of_sources(lambda sources: len({name for source in sources for name in source.empty})),
    ),
    StatusMetric(
        "xmlprom_collector_interval_seconds",
        "Longest time from one scheduled run to the next",
        lambda run: _known(run.interval),
    ),
    StatusMetric(
        "xmlprom_build_info",
        "Version of xmlprom that ran last",
        lambda _run: [({"version": __version__}, 1)],
    ),
)


def status_families(run: Run) -> list[Family]:
    """The status metrics of a run, in their order; those without a sample are left out."""
    families = []
    for metric in STATUS_METRICS:
        samples = [
            Sample(metric.name, {"collector": run.collector, **labels}, value) for labels, value in metric.samples(run)
        ]
        if samples:
            families.append(Family(metric.name, metric.help, "gauge", samples))
    return families


def write_status(files: CollectorFiles, run: Run) -> None:
    """Replace the status file; every end of a run comes here, so that what killed runs left is removed here too.

    :raises RunError: if the file is another program's, or can't be written
    """
    remove_abandoned(files.data, files.status)
    check_owner(files.status, files.data, files.collector)
    replace(files.status, mark(files.collector).encode() + render(status_families(run)))


def read_last_success(status: str, data: str | None) -> float | None:
    """When the last successful run started, from an earlier status file.

    Without one that can be read it is the time of the data file, which only successful runs write; None if there
    is none either.
    """
    content = (read_start(status, _MAX_SIZE) or b"").decode("utf-8", "replace")
    match = re.search(rf"^{LAST_SUCCESS}\{{[^}}\n]*\}} ([0-9]+(?:\.[0-9]+)?(?:e\+[0-9]+)?)$", content, re.M)
    if match and math.isfinite(float(match[1])):
        return float(match[1])
    try:
        return os.stat(data).st_mtime if data else None
    except OSError:
        return None
