"""One run of a collector: read its sources, replace the data file, record how it went in the status file."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError, free_memory, internal_error, out_of_memory
from xmlprom.mapping.model import Mapping
from xmlprom.reading.files import find_sources
from xmlprom.reading.xml_parser import OnBytes
from xmlprom.series.extraction import Extraction, extract
from xmlprom.series.families import Selection, families
from xmlprom.textfile.atomic_write import data_file, replace, status_file
from xmlprom.textfile.conflicts import check_publishable, foreign_metric
from xmlprom.textfile.status import Run, read_last_success, status_families
from xmlprom.textfile.text_format import render

_PAUSES = (0.2, 0.5, 1.0)  # seconds before a source that is being written is read again
_TICK = 0.05  # seconds that are longer than a tick of the kernel's clock: two changes in one have the same time
_BEING_WRITTEN = 5.0  # seconds since its modification, for which a source's fault may pass


class Job(NamedTuple):
    """What to collect: `source` is a path or glob, `collector` names the files in `directory`."""

    mapping: Mapping
    source: str
    only: Selection
    collector: str
    directory: str

    @property
    def data(self) -> str:
        return data_file(self.directory, self.collector)

    @property
    def status(self) -> str:
        return status_file(self.directory, self.collector)


class Output(NamedTuple):
    """The content of a data file, and what it was made of."""

    content: bytes
    series: int
    extractions: Sequence[Extraction]


def read(job: Job, on_bytes: OnBytes | None = None) -> Output:
    """Make the content of the data file.

    :raises RunError: if any source fails
    """
    extractions = [_extract_settled(job.mapping, path, on_bytes) for path in find_sources(job.source)]
    found = families(job.mapping.labels, extractions, job.only)
    return Output(render(found), sum(len(family.samples) for family in found), extractions)


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
            _record_failure(job, error, started, time.monotonic() - clock)
        raise
    duration = time.monotonic() - clock
    _record(job, started, duration, None, started, output)
    return output


def _renew(job: Job, now: float, on_bytes: OnBytes | None) -> Output:
    try:
        output = read(job, on_bytes)
        _check_output(job, output, now)
        replace(job.data, output.content)
        return output
    except RunError:
        raise
    except MemoryError:
        pass  # what fills the memory is held until this handler is left
    except Exception as error:  # the status must not go on reporting the last success
        raise internal_error(error) from error
    free_memory()
    raise out_of_memory(job.source)


def record_killed(job: Job, why: str) -> None:
    """Write the status of a run that was ended from outside, before it could do so itself.

    :raises RunError: always, with reason "killed", or if the directory can't be written
    """
    error = RunError(reasons.KILLED, f"{job.collector}: the run was ended from outside: {why}")
    _record_failure(job, error, time.time(), None)
    raise error


def _extract_settled(mapping: Mapping, path: str, on_bytes: OnBytes | None) -> Extraction:
    """Read a source, a few times over while the application is writing it."""
    for pause in _PAUSES:
        try:
            return _extract_unchanged(mapping, path, on_bytes)
        except RunError as error:
            if error.reason != reasons.CHANGED and not (error.reason == reasons.MALFORMED and _is_being_written(path)):
                raise
        time.sleep(pause)
    return _extract_unchanged(mapping, path, on_bytes)


def _extract_unchanged(mapping: Mapping, path: str, on_bytes: OnBytes | None) -> Extraction:
    started = time.time()
    extraction = extract(mapping, path, on_bytes)
    if abs(started - extraction.modified) < _TICK:
        raise RunError(reasons.CHANGED, f"{path}: it was written so shortly before that a change could not be seen")
    return extraction


def _is_being_written(path: str) -> bool:
    try:
        return abs(time.time() - os.stat(path).st_mtime) < _BEING_WRITTEN
    except OSError:
        return True


def _check_output(job: Job, output: Output, now: float) -> None:
    _check_age(job, output, now)
    check_publishable(output.content, job.data, job.status)


def _check_age(job: Job, output: Output, now: float) -> None:
    if job.mapping.max_age is None:
        return
    for extraction in output.extractions:
        age = now - extraction.modified
        if abs(age) > job.mapping.max_age:  # so far in the future is a wrong clock's time: nobody knows the age
            when = "ago" if age > 0 else "from now"
            raise RunError(
                reasons.STALE,
                f"{extraction.path}: last modified {abs(age):.0f} s {when}, max_age is {job.mapping.max_age:.0f} s:"
                " its data are withdrawn",
            )


def _record_failure(job: Job, error: RunError, started: float, duration: float | None) -> None:
    ours = foreign_metric(job.data) is None
    success = read_last_success(job.status, job.data if ours else None)
    max_age = job.mapping.max_age
    too_old = max_age is not None and success is not None and abs(started - success) > max_age
    if ours and (too_old or error.reason == reasons.STALE):
        with contextlib.suppress(OSError):  # what can't be removed can't be replaced either: the run reports that
            os.unlink(job.data)
    _record(job, started, duration, error, success, Output(b"", 0, ()))


def _record(
    job: Job, started: float, duration: float | None, error: RunError | None, success: float | None, output: Output
) -> None:
    mapping = job.mapping
    run_ = Run(
        collector=job.collector,
        started=started,
        duration=duration,
        error=error,
        last_success=success,
        extractions=output.extractions,
        series=output.series,
        max_age=mapping.max_age,
        series_limit=mapping.limits.series,
    )
    replace(job.status, render(status_families(run_)))
