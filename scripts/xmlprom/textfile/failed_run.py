"""Record a run that failed, and withdraw data that have become too old meanwhile.

It needs neither the mapping nor lxml: a run can fail before it has them.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.expiry import is_too_old, read_age
from xmlprom.textfile.ownership import is_own
from xmlprom.textfile.status import Run, read_last_success, write_status

if TYPE_CHECKING:
    from xmlprom.mapping.model import Mapping


def record_failure(
    files: CollectorFiles,
    error: RunError,
    started: float,
    duration: float | None = None,
    mapping: Mapping | None = None,
    interval: float | None = None,
) -> None:
    """Write the status file of a failed run; remove the data file if its data are too old.

    :param mapping: None if the run does not know it: then `max_age` is that by which the data were made
    :param interval: of the loop that the run is of, in seconds
    :raises RunError: if the status file can't be written
    """
    ours = is_own(files.data, files.status, files.collector)
    success = read_last_success(files.status, files.data if ours else None)
    age = read_age(files)
    max_age = mapping.max_age if mapping else age.max_age if age else None
    modified = age.modified if age else success
    too_old = max_age is not None and modified is not None and is_too_old(modified, max_age, started)
    if ours and (too_old or error.reason == reasons.STALE):
        with contextlib.suppress(OSError):  # what can't be removed can't be replaced either: the run reports that
            os.unlink(files.data)
    run = Run(
        collector=files.collector,
        started=started,
        duration=duration,
        error=error,
        last_success=success,
        extractions=(),
        series=0,
        max_age=max_age,
        series_limit=mapping.limits.series if mapping else None,
        interval=interval,
    )
    write_status(files, run)
