"""One run of a collector: read its sources, replace the data file, record how it went in the status file."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError, free_memory, internal_error, out_of_memory, path_text
from xmlprom.mapping.model import Mapping
from xmlprom.reading.files import STANDARD_INPUT, find_sources
from xmlprom.reading.xml_parser import OnBytes
from xmlprom.series.extraction import Extraction, extract
from xmlprom.series.families import Selection, families
from xmlprom.textfile.atomic_write import replace
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.conflicts import check_publishable
from xmlprom.textfile.expiry import Age, is_too_old
from xmlprom.textfile.failed_run import record_failure
from xmlprom.textfile.ownership import check_owner, mark
from xmlprom.textfile.status import Run, write_status
from xmlprom.textfile.text_format import render

_PAUSES = (0.2, 0.5, 1.5)  # seconds before a source that is being written is read again; in all a coarse tick
_BEING_WRITTEN = 5.0  # seconds since its change, for which a source's fault may pass


class Job(NamedTuple):
    """What to collect: `sources` are paths and globs, `files` those to write, `label` the label `path` if set.

    `interval` is the time between the starts of a loop's runs, in seconds. `origin` is the URL or the command that
    another unit fetched the source from, if one did.
    """

    mapping: Mapping
    sources: Sequence[str]
    only: Selection
    files: CollectorFiles
    label: str | None = None
    interval: float | None = None
    origin: str | None = None


class Output(NamedTuple):
    """The content of a data file, and what it was made of."""

    content: bytes
    series: int
    extractions: Sequence[Extraction]


def read(job: Job, on_bytes: OnBytes | None = None) -> Output:
    """Make the content of the data file.

    :raises RunError: if any source fails
    """
    if job.origin is not None:
        from xmlprom.commands.fetched import check_fetched  # noqa: PLC0415 - most sources are files

        check_fetched(job.sources[0], job.origin, time.time())
    extractions = [_extract_settled(job.mapping, path, on_bytes) for path in find_sources(job.sources)]
    if job.label:
        extractions = [extraction._replace(path=job.label) for extraction in extractions]
    found = families(job.mapping.labels, extractions, job.only)
    age = Age(min(extraction.modified for extraction in extractions), job.mapping.max_age)
    content = f"{mark(job.files.collector)}{age.line()}".encode() + render(found)
    return Output(content, sum(len(family.samples) for family in found), extractions)


def check_unwritten(job: Job, output: Output) -> None:
    """Make sure that `run` would publish what `read` made; on what is no host, there is no directory to look at.

    :raises RunError: if not
    """
    try:
        _check_output(job, output, time.time())
    except RunError as error:
        if error.reason != reasons.OUTPUT:
            raise


def run(job: Job, on_bytes: OnBytes | None = None) -> Output:
    """Renew the data file, or leave it as it is; write the status file in both cases.

    :raises RunError: if the source failed or the directory can't be written
    """
    started, clock = time.time(), time.monotonic()
    try:
        output = _renew(job, started, on_bytes)
    except RunError as error:
        with contextlib.suppress(RunError):  # the first failure says more
            record_failure(job.files, error, started, time.monotonic() - clock, job.mapping, job.interval)
        raise
    duration = time.monotonic() - clock
    mapping = job.mapping
    run_ = Run(
        collector=job.files.collector,
        started=started,
        duration=duration,
        error=None,
        last_success=started,
        extractions=output.extractions,
        series=output.series,
        max_age=mapping.max_age,
        series_limit=mapping.limits.series,
        interval=job.interval,
    )
    write_status(job.files, run_)
    return output


def _renew(job: Job, now: float, on_bytes: OnBytes | None) -> Output:
    try:
        check_owner(job.files.status, job.files.data, job.files.collector)
        output = read(job, on_bytes)
        _check_output(job, output, now)
        replace(job.files.data, output.content)
        return output
    except RunError:
        raise
    except MemoryError:
        pass  # what fills the memory is held until this handler is left
    except Exception as error:  # the status must not go on reporting the last success
        raise internal_error(error) from error
    free_memory()
    raise out_of_memory(", ".join(job.sources))


def _extract_settled(mapping: Mapping, path: str, on_bytes: OnBytes | None) -> Extraction:
    """Read a source, a few times over while the application is writing it."""
    for pause in _PAUSES:
        try:
            return extract(mapping, path, on_bytes)
        except RunError as error:
            if error.reason != reasons.CHANGED and not (error.reason == reasons.MALFORMED and _is_being_written(path)):
                raise
        time.sleep(pause)
    return extract(mapping, path, on_bytes)


def _is_being_written(path: str) -> bool:
    if path == STANDARD_INPUT:  # received whole
        return False
    try:
        status = os.stat(path)
        return abs(time.time() - max(status.st_mtime, status.st_ctime)) < _BEING_WRITTEN
    except OSError:
        return True


def _check_output(job: Job, output: Output, now: float) -> None:
    _check_age(job, output, now)
    check_publishable(output.content, job.files)


def _check_age(job: Job, output: Output, now: float) -> None:
    if job.mapping.max_age is None:
        return
    for extraction in output.extractions:
        age = now - extraction.modified
        if is_too_old(extraction.modified, job.mapping.max_age, now):
            when = "ago" if age > 0 else "from now"
            raise RunError(
                reasons.STALE,
                f"{path_text(extraction.path)}: last modified {abs(age):.0f} s {when}, max_age is"
                f" {job.mapping.max_age:.0f} s: its data are withdrawn",
            )
