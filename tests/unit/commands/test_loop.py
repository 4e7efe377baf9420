"""`collect --every`: the real loop in a process of its own, with shorter intervals than the command line takes."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import EXAMPLES, SCRIPT, run, samples

# The command line of a loop; the interval may be part of a second. Each process of a run notes when it starts, and
# stops then, as one that hangs, where a file asks for it.
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from xmlprom import cli
from xmlprom.mapping import location, quantities
from xmlprom.commands import collect, loop
from xmlprom.reading import files
files._APART = 0
location.CONFIGURATION_DIRECTORY = sys.argv[2]
quantities.quantity = lambda text, _: float(text)
{more}
run_every = loop.run_every
def noted(*arguments):
    status = run_every(*arguments)
    if status is None:
        print(time.monotonic(), file=open(sys.argv[3], "a"))
        try:
            os.unlink(sys.argv[3] + ".stop")
        except FileNotFoundError:
            return status
        os.kill(os.getpid(), signal.SIGSTOP)
    return status
loop.run_every = noted
sys.exit(cli.main(sys.argv[4:]))
"""


SIGNAL_WHILE_LOADING = """
import os, signal
from xmlprom.mapping import loader
load = loader.load
def signalled(file):
    os.kill(os.getpid(), signal.SIGTERM)
    return load(file)
loader.load = signalled
"""
NO_PROCESS_FOR_THE_SECOND_RUN = """
import itertools, os
fork, calls = os.fork, itertools.count(1)
def second_fails():
    if next(calls) == 2:
        raise BlockingIOError(11, "too many")
    return fork()
os.fork = second_fails
"""
AN_ORPHAN = """
import os
os.fork() or os._exit(0)
"""
# The process of a run does not end, after its status was written.
NO_END_OF_A_RUN = """
import signal
from xmlprom.commands import collector_run
for name in ("write_status", "record_failure"):
    def written(*arguments, write=getattr(collector_run, name)):
        write(*arguments)
        open(sys.argv[3], "a").write("0\\n")
        signal.pause()
    setattr(collector_run, name, written)
"""
A_SHORT_LIMIT = """
loop._TIME_LIMIT = 0.5
"""


class Loop:
    """A collector `store` of a host, and the process of its loop."""

    def __init__(self, directory):
        self.mapping, self.source = directory / "store.yml", directory / "store.xml"
        self.output, self.starts_file = directory / "textfile", directory / "starts"
        self.output.mkdir()
        self.mapping.write_text((EXAMPLES / "store.yml").read_text().replace("/tmp/store.xml", str(self.source)))
        self.source.write_bytes((EXAMPLES / "store.xml").read_bytes())
        os.utime(self.source, (time.time() - 60,) * 2)
        self.starts_file.touch()
        self.status_file = self.output / "store.status.prom"

    def start(self, interval, more=""):
        program = [
            sys.executable,
            "-c",
            PROGRAM.format(more=more),
            SCRIPT.parent,
            self.mapping.parent,
            self.starts_file,
        ]
        self.process = subprocess.Popen(
            [*program, "collect", "store", "--every", str(interval), "--output-dir", self.output],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def end(self, number=signal.SIGTERM):
        """Send a signal; returns the exit status and what the process said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()

    def runs(self):
        """The processes of runs, as of now."""
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            return [int(one) for one in task(self.process.pid, "children").split()]
        return []

    def starts(self):
        return [float(line) for line in self.starts_file.read_text().splitlines()]

    def status(self):
        return samples(self.status_file.read_text()) if self.status_file.exists() else {}

    def value(self, name):
        return self.status().get(f'{name}{{collector="store"}}')

    def reason(self):
        return next((key.split('"')[3] for key, value in self.status().items() if "failure" in key and value), None)

    def await_reason(self, reason):
        until(lambda: self.value("xmlprom_last_run_success") == (reason is None) and self.reason() == reason)

    def stop_a_run(self):
        """Have a run stop before it does anything, as one that hangs; returns its process."""
        Path(f"{self.starts_file}.stop").touch()
        return until(lambda: [child for child in self.runs() if state_of(child) == "T"])[0]


def task(process, name):
    return Path(f"/proc/{process}/task/{process}/{name}").read_text()


def state_of(process):
    try:
        return task(process, "stat").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return "Z"


def until(found):
    """Wait until a function finds something; returns that."""
    for _ in range(6000):
        result = found()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("it did not come")


@pytest.fixture
def loop(tmp_path):
    made = Loop(tmp_path)
    yield made
    with contextlib.suppress(AttributeError):
        for child in made.runs():
            os.kill(child, signal.SIGKILL)
        made.process.kill()
        made.process.communicate()


def test_the_status_has_what_a_timers_run_writes_and_the_interval(loop):
    assert run("collect", loop.mapping, "--output-dir", loop.output).status == 0
    once, data = set(loop.status()), (loop.output / "store.prom").read_bytes()
    (loop.output / "store.prom").unlink()
    loop.status_file.unlink()
    loop.start(3600)
    loop.await_reason(None)
    assert set(loop.status()) - once == {'xmlprom_collector_interval_seconds{collector="store"}'}
    assert once < set(loop.status())
    assert loop.value("xmlprom_collector_interval_seconds") == 3600
    until(lambda: not loop.runs())
    assert loop.end() == (0, "", "")
    assert (loop.output / "store.prom").read_bytes() == data


def test_a_run_that_fails_does_not_end_the_loop(loop):
    loop.start(0.05)
    loop.await_reason(None)
    data = (loop.output / "store.prom").read_bytes()
    loop.source.write_text("<store><ora")
    loop.await_reason("malformed")
    loop.source.unlink()
    loop.await_reason("missing")
    assert loop.value("xmlprom_collector_interval_seconds") == 0.05
    assert (loop.output / "store.prom").read_bytes() == data
    loop.source.write_bytes((EXAMPLES / "store.xml").read_bytes())
    loop.await_reason(None)
    status, out, err = loop.end()
    assert (status, out) == (0, "")
    assert "store.xml: the file does not exist" in err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_the_loop_and_the_run_within_a_second(number, status, loop):
    """Also a run that hangs; the status is that of a timer's run ended from outside. The best of three counts."""
    times = []
    for _ in range(3):
        loop.start(0.05)
        child = loop.stop_a_run()
        begun = time.monotonic()
        assert loop.end(number) == (
            status,
            "",
            f"xmlprom: store: the run was ended from outside: {signal.Signals(number).name}\n",
        )
        times.append(time.monotonic() - begun)
        assert state_of(child) == "Z"
        assert loop.reason() == "killed"
        assert loop.value("xmlprom_collector_interval_seconds") == 0.05
    assert min(times) < 1


def test_a_signal_between_two_runs_ends_the_loop_and_leaves_the_last_status(loop):
    loop.start(3600)
    loop.await_reason(None)
    until(lambda: not loop.runs())
    before = loop.status_file.read_bytes()
    assert loop.end() == (0, "", "")
    assert loop.status_file.read_bytes() == before


def test_a_signal_while_the_mapping_is_loaded_ends_the_loop(loop):
    """As a container's first process it would get it never again."""
    loop.start(3600, SIGNAL_WHILE_LOADING)
    assert loop.process.wait(timeout=60) == 0


def test_a_run_that_something_else_kills_is_recorded_and_the_next_one_heals(loop):
    loop.start(0.3)
    os.kill(loop.stop_a_run(), signal.SIGKILL)
    loop.await_reason("killed")
    loop.await_reason(None)
    assert "the run was ended from outside: SIGKILL" in loop.end()[2]


@pytest.mark.parametrize(("content", "reason"), [(None, None), ("<store><ora", "malformed")])
def test_a_signal_after_a_run_has_written_its_status_leaves_it(content, reason, loop):
    if content:
        loop.source.write_text(content)
    loop.start(3600, NO_END_OF_A_RUN)
    until(lambda: 0 in loop.starts())
    assert loop.end() == (0, "", "")
    assert loop.reason() == reason
    assert loop.value("xmlprom_last_run_success") == (reason is None)


def test_a_run_that_hangs_is_ended_after_the_time_limit_and_the_next_one_heals(loop):
    loop.start(0.3, A_SHORT_LIMIT)
    child = loop.stop_a_run()
    loop.await_reason("killed")
    assert state_of(child) == "Z"
    loop.await_reason(None)
    assert "the run was ended from outside: timeout" in loop.end()[2]


def test_a_run_may_take_as_long_as_the_interval(loop):
    loop.start(2, "loop._TIME_LIMIT = 0")
    loop.stop_a_run()
    begun = time.monotonic()
    loop.await_reason("killed")
    assert time.monotonic() - begun > 1


def test_a_run_for_which_there_can_be_no_process_is_recorded(loop):
    loop.start(0.05, NO_PROCESS_FOR_THE_SECOND_RUN)
    until(lambda: len(loop.starts()) > 2)
    assert loop.end()[2].startswith(
        "xmlprom: store: the run was ended from outside: no process could be made for it: too many\n"
    )


def test_runs_never_overlap_and_the_starts_that_a_long_one_misses_are_skipped(loop):
    interval = 0.1
    loop.start(interval)
    until(lambda: len(loop.starts()) > 3)
    child = loop.stop_a_run()
    for _ in range(50):
        assert loop.runs() == [child]
        time.sleep(interval / 10)
    before = len(loop.starts())
    os.kill(child, signal.SIGCONT)
    until(lambda: len(loop.starts()) >= before + 20)
    loop.end()
    first, *others = loop.starts()
    ticks = [(start - first) / interval for start in others]
    # A process notes its start a little late: no two of them in one interval, but for those around its border.
    assert all(later - earlier > 0.5 for earlier, later in zip(ticks, ticks[1:]))
    assert any(later - earlier > 4 for earlier, later in zip(ticks, ticks[1:]))


def test_the_starts_are_at_multiples_of_the_interval(loop):
    """A loop that sleeps for an interval after each run would drift through all of it."""
    loop.start(0.25)
    until(lambda: len(loop.starts()) > 12)
    loop.end()
    first, *others = loop.starts()
    late = [(start - first) / 0.25 % 1 for start in others]
    assert statistics.median(min(part, 1 - part) for part in late) < 0.15


def test_the_mapping_is_read_once(loop):
    loop.start(0.05)
    loop.await_reason(None)
    loop.mapping.write_text("rows: [")
    before = len(loop.starts())
    until(lambda: len(loop.starts()) > before + 3)
    loop.await_reason(None)
    assert loop.end()[0] == 0


def test_a_mapping_that_is_wrong_at_the_start_ends_the_loop_and_is_in_the_status(loop):
    loop.mapping.write_text("rows: [")
    loop.start(3600)
    assert loop.process.wait(timeout=60) == 2
    assert loop.reason() == "mapping"
    assert loop.value("xmlprom_collector_interval_seconds") == 3600


def test_the_loop_takes_the_status_of_processes_that_lost_their_parent(loop):
    """They are those of a container's first process."""
    loop.start(0.05, AN_ORPHAN)
    until(lambda: len(loop.starts()) > 3)
    child = loop.stop_a_run()
    assert loop.runs() == [child]


def test_what_a_loop_can_not_repeat_is_a_usage_error(loop):
    for more in (["--dry-run"], ["--killed", "timeout"], ["--source", "-"]):
        result = run("collect", loop.mapping, "--output-dir", loop.output, "--every", "1min", *more)
        assert result.status == 2
        assert "--every" in result.err
    for interval in ("", "0s", "1x", "1.5s", "1min 30s"):
        result = run("collect", loop.mapping, "--output-dir", loop.output, "--every", interval)
        assert result.status == 2
        assert "argument --every: " in result.err
        assert "is not a time like 30s or 1min" in result.err
    assert not list(loop.output.iterdir())


@pytest.mark.slow
def test_memory_does_not_grow_from_run_to_run(loop):
    def memory_after(runs):
        until(lambda: len(loop.starts()) > runs)
        return int(task(loop.process.pid, "status").partition("RssAnon:")[2].split()[0])

    loop.start(0.001)
    early = memory_after(20)
    assert memory_after(120) / early < 1.005
