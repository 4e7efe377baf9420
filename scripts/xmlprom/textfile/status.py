"""The status file: how the last run went. Every run writes it, also one that failed.

HELP texts are the same for all collectors and must stay the same between releases: node_exporter drops a family
whose HELP differs between two files.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from xmlprom import __version__
from xmlprom.errors import REASONS, RunError
from xmlprom.reading.xml_parser import Extraction
from xmlprom.textfile.conflicts import read_regular
from xmlprom.textfile.text_format import Family, Sample

_LAST_SUCCESS = "xmlprom_last_success_timestamp_seconds"


class Run(NamedTuple):
    """One run of a collector: times in Unix seconds, `duration` in seconds if it is known, `error` if it failed."""

    collector: str
    started: float
    duration: float | None
    error: RunError | None
    last_success: float | None
    extractions: Sequence[Extraction]
    series: int


def status_families(run: Run) -> list[Family]:
    """The status metrics. What is only known of a source that was read is left out after a failed run."""
    labels = {"collector": run.collector}
    families: list[Family] = []

    def add(name: str, help_: str, value: float | None, more: dict[str, str] | None = None) -> None:
        if value is not None:
            if not families or families[-1].name != name:
                families.append(Family(name, help_, "gauge", []))
            families[-1].samples.append(Sample(name, {**labels, **(more or {})}, value))

    add("xmlprom_last_run_success", "Whether the last run renewed the data file", int(run.error is None))
    for reason in REASONS:
        failed = run.error is not None and run.error.reason == reason
        add(
            "xmlprom_last_run_failure",
            "Whether the last run failed for this reason",
            int(failed),
            {"reason": reason},
        )
    add("xmlprom_last_run_timestamp_seconds", "When the last run started, in Unix time", run.started)
    add(_LAST_SUCCESS, "When the last successful run started, in Unix time", run.last_success)
    add("xmlprom_last_run_duration_seconds", "How long the last run took", run.duration)
    sources = run.extractions
    if sources:
        modified = min(source.modified for source in sources)
        add(
            "xmlprom_source_modified_timestamp_seconds",
            "When the oldest source was modified, in Unix time",
            modified,
        )
        add("xmlprom_source_size_bytes", "Size of all sources", sum(source.size for source in sources))
        add("xmlprom_rows", "Rows found in all sources", sum(source.rows for source in sources))
        add("xmlprom_series", "Series written to the data file", run.series)
        folded = sum(source.folded for source in sources)
        add("xmlprom_folded_rows", "Rows counted under another label value than their own", folded)
        invalid = sum(source.invalid for source in sources)
        add("xmlprom_invalid_rows", "Rows left out of a metric because their value is no number", invalid)
    add("xmlprom_build_info", "Version of xmlprom that ran last", 1, {"version": __version__})
    return families


def last_success(status: str, data: str | None) -> float | None:
    """When the last successful run started, as an earlier status file tells.

    Without one that can be read it is the time of the data file, which only successful runs write; None if there
    is none either.
    """
    content = read_regular(status).decode("utf-8", "replace")
    match = re.search(rf"^{_LAST_SUCCESS}\{{[^}}\n]*\}} ([0-9]+(?:\.[0-9]+)?(?:e\+[0-9]+)?)$", content, re.M)
    if match and math.isfinite(float(match[1])):
        return float(match[1])
    try:
        return os.stat(data).st_mtime if data else None
    except OSError:
        return None
