"""`xmlprom collect --every`: runs at a fixed interval, for a container's main process.

Each run is a process of its own, a copy of this one: what a run takes is free again after it, and what ends a run,
a signal or a lack of memory, does not end the loop. The mapping and the modules are loaded once, before the first run.

Signals are blocked and waited for. So none is lost, also in a container, where the kernel gives the first process
no signal that it does not handle.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from xmlprom import reasons
from xmlprom.commands.options import report
from xmlprom.errors import SUCCESS, RunError
from xmlprom.textfile.failed_run import record_failure

if TYPE_CHECKING:
    from xmlprom.commands.collector_run import Job

_ENDS = {signal.SIGTERM: SUCCESS, signal.SIGINT: 130}  # what ends the loop, and its exit status then
_AWAITED = (*_ENDS, signal.SIGCHLD)
_TIME_LIMIT = 60.0  # seconds that a run may take, if the interval is not longer; as of the roles' units


def hold_signals() -> None:
    """Let the signals that end the loop wait until it looks at them. Call it first: loading takes a while."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)


def run_every(interval: float, job: Job) -> int | None:
    """Make a process for a run at once, and then every `interval` seconds.

    Runs never overlap: one that takes longer than the interval skips the starts that it misses, and is ended after a
    minute, or after the interval if that is longer. Returns None in the process of a run, which has to do it then; in
    the loop's own the exit status, once a signal ended it.
    """
    first, end = time.monotonic(), None
    while end is None:
        started, before = time.time(), _version_of(job.files.status)
        try:
            child = os.fork()
        except OSError as error:
            _record_end(job, started, f"no process could be made for it: {error.strerror}")
        else:
            if child == 0:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
                return None
            why, end = _await_run(child, time.monotonic() + max(_TIME_LIMIT, interval))
            # One that had written its status was over, but for the end of its process.
            if why and _version_of(job.files.status) == before:
                _record_end(job, started, why)
        if end is None:
            past = time.monotonic() - first
            end = _sleep_until(first + (past // interval + 1) * interval)
    return _ENDS[end]


def _await_run(child: int, limit: float) -> tuple[str | None, signal.Signals | None]:
    """Wait for the end of a run, for no longer than to a time of the monotonic clock.

    Returns what ended it from outside, if anything did, and the signal that ends the loop, if it came.
    """
    while True:
        found = signal.sigtimedwait(_AWAITED, max(0, limit - time.monotonic()))
        if found is not None and found.si_signo not in _ENDS:
            status = _reap().get(child)
            if status is None:
                continue
            return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None, None
        os.kill(child, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        end = None if found is None else signal.Signals(found.si_signo)
        return (end.name if end else "timeout") if killed else None, end


def _sleep_until(moment: float) -> signal.Signals | None:
    """Sleep until a time of the monotonic clock; returns the signal that ends the loop, if it came before."""
    while True:
        found = signal.sigtimedwait(_AWAITED, max(0, moment - time.monotonic()))
        if found is None:
            return None
        if found.si_signo in _ENDS:
            return signal.Signals(found.si_signo)
        _reap()


def _reap() -> dict[int, int]:
    """The processes that have ended, with their wait status; a container's first process gets those of others too."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            ended[process] = status
    return ended


def _version_of(file: str) -> tuple[int, int] | None:
    """What differs after the file was replaced; None if there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _record_end(job: Job, started: float, why: str) -> None:
    error = RunError(reasons.KILLED, f"{job.files.collector}: the run was ended from outside: {why}")
    report(str(error))
    with contextlib.suppress(RunError):  # the first failure says more
        record_failure(job.files, error, started, mapping=job.mapping, interval=job.interval)
