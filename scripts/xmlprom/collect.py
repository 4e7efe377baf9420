"""One run of a collector: read its sources, publish the data file, tell how it went in the status file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xmlprom.errors import RunError
from xmlprom.extract import Extraction, OnBytes, extract
from xmlprom.families import Selection, families
from xmlprom.mapping import Mapping
from xmlprom.publish import data_file, render, replace, status_file
from xmlprom.source import find_sources
from xmlprom.status import Run, last_success, status_families


@dataclass(frozen=True)
class Output:
    """The content of a data file, and what it was made of."""

    content: bytes
    series: int
    extractions: Sequence[Extraction]


def read(mapping: Mapping, source: str, only: Selection, on_bytes: OnBytes | None = None) -> Output:
    """Make the content of the data file.

    :param source: a path or glob
    :raises RunError: if any source fails
    """
    extractions = [extract(mapping, path, on_bytes) for path in find_sources(source)]
    found = families(mapping.labels, extractions, only)
    return Output(render(found), sum(len(family.samples) for family in found), extractions)


def run(
    mapping: Mapping,
    source: str,
    only: Selection,
    collector: str,
    directory: Path,
    on_bytes: OnBytes | None = None,
) -> Output:
    """Renew the data file, or leave it as it is; write the status file in both cases.

    :raises RunError: if the source failed or the directory can't be written
    """
    started, clock = time.time(), time.monotonic()
    status = status_file(directory, collector)
    output: Output | None = None
    failure: RunError | None = None
    try:
        output = read(mapping, source, only, on_bytes)
        replace(data_file(directory, collector), output.content)
    except RunError as error:
        failure = error
    content = status_families(
        Run(
            collector=collector,
            started=started,
            duration=time.monotonic() - clock,
            error=failure,
            last_success=last_success(status) if failure else started,
            extractions=output.extractions if output else (),
            series=output.series if output else 0,
        )
    )
    try:
        replace(status, render(content))
    except RunError as error:
        failure = failure or error
    if failure:
        raise failure
    assert output is not None  # noqa: S101 - no failure means an output; tells mypy
    return output
