"""Faults around the output directory and the source: nothing half-written, nothing lost, and the next run heals."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from command import EXAMPLES, SCRIPT, run, samples
from exporter import samples_of
from xmlprom.commands import collector_run
from xmlprom.errors import RunError
from xmlprom.mapping.loader import load
from xmlprom.reading import files
from xmlprom.textfile import atomic_write

SOURCE = EXAMPLES / "store.xml"
MAPPING = EXAMPLES / "store.yml"
ONE = "rows: /s/*\nmetrics:\n  - {name: m, help: h, labels: {x: name()}}\n"


@pytest.fixture
def output(tmp_path):
    directory = tmp_path / "textfile"
    directory.mkdir()
    return directory


@pytest.fixture
def job(tmp_path, output, monkeypatch):
    """Makes a collector; no pause lets a test wait."""
    monkeypatch.setattr(collector_run, "_PAUSES", (0, 0, 0))
    monkeypatch.setattr(collector_run, "_TICK", 0)

    def make(name="m", mapping=ONE, content="<s><a/></s>"):
        (tmp_path / f"{name}.yml").write_text(mapping)
        path = tmp_path / f"{name}.xml"
        path.write_text(content)
        os.utime(path, (time.time() - 60,) * 2)
        return collector_run.Job(load(tmp_path / f"{name}.yml"), str(path), {}, name, str(output))

    return make


def failing(job):
    with pytest.raises(RunError) as failure:
        collector_run.run(job)
    return failure.value


def told(job):
    """The status: what failed (None: nothing), and when it succeeded last."""
    status = samples(Path(job.status).read_text())
    reasons = [series.split('"')[3] for series, value in status.items() if "failure" in series and value]
    success = status.get(f'xmlprom_last_success_timestamp_seconds{{collector="{job.collector}"}}')
    return (reasons[0] if reasons else None), success


def told_of(status):
    return {name: value for (name, _), value in samples_of(status)}


def names(directory):
    return sorted(path.name for path in directory.iterdir())


# Neighbours

CONFLICTS = {
    "other HELP": ("# HELP m other\n# TYPE m gauge\nm 1\n", "its help is 'other' there, 'h' here"),
    "no HELP": ("# TYPE m gauge\nm 1\n", "its help is None there"),
    "other TYPE": ("# HELP m h\n# TYPE m counter\nm 1\n", "its type is counter there, gauge here"),
    "overlap of names": (
        "# HELP m_x h\n# TYPE m_x gauge\nm_x 1\n# TYPE m histogram\nm_count 1\n",
        "its type is histogram",
    ),
    "a broken file": ("# HELP m other\n# TYPE m gauge\nm 1\ngarbage\n", "its help is 'other' there"),
}


@pytest.mark.parametrize(("content", "message"), CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_names_the_file_and_the_metric_and_keeps_the_data(content, message, job, output):
    mine = job()
    collector_run.run(mine)
    before, success = Path(mine.data).read_bytes(), told(mine)[1]
    (output / "theirs.prom").write_text(content)
    failure = failing(mine)
    assert failure.reason == "conflict"
    assert f"{output}/theirs.prom is in the way: metric m: {message}" in str(failure)
    assert Path(mine.data).read_bytes() == before
    assert told(mine) == ("conflict", success)
    (output / "theirs.prom").unlink()
    collector_run.run(mine)
    assert told(mine)[0] is None


def test_the_same_series_in_another_file_is_a_conflict(job, output):
    mine = job()
    (output / "theirs.prom").write_text(f'# HELP m h\n# TYPE m gauge\nm{{path="{mine.source}",x="a"}} 1\n')
    failure = failing(mine)
    assert failure.reason == "conflict"
    assert f'the series m{{path="{mine.source}",x="a"}}' in str(failure)
    assert names(output) == ["m.status.prom", "theirs.prom"]


def test_a_neighbour_of_any_kind_is_no_hindrance(job, output):
    os.mkfifo(output / "fifo.prom")
    (output / "dangling.prom").symlink_to("nowhere")
    (output / "loop.prom").symlink_to("loop.prom")
    (output / "directory.prom").mkdir()
    (output / "garbage.prom").write_bytes(random.Random(0).randbytes(100_000))
    (output / "unreadable.prom").write_text("x 1\n")
    (output / "unreadable.prom").chmod(0)
    with (output / "huge.prom").open("wb") as stream:
        stream.truncate(1 << 34)
    mine = job()
    collector_run.run(mine)
    assert Path(mine.data).read_text().endswith("1\n")


@pytest.mark.parametrize("max_age", ["", "max_age: 1h\n"])
def test_another_programs_file_of_the_collectors_name_is_never_touched(max_age, job):
    mine = job(mapping=max_age + ONE)
    theirs = "# HELP backup_age_seconds h\n# TYPE backup_age_seconds gauge\nbackup_age_seconds 1\n"
    Path(mine.data).write_text(theirs)
    os.utime(mine.data, (0, 0))
    for _ in range(3):  # also when the status file stands beside it
        failure = failing(mine)
        assert failure.reason == "conflict"
        assert "another program's, with the metric backup_age_seconds" in str(failure)
        assert Path(mine.data).read_text() == theirs
        assert told(mine) == ("conflict", None)


def test_two_collectors_share_a_family_by_the_same_mapping(job, exporter, monkeypatch):
    jobs = [job(name, content=f"<s><{name}/></s>") for name in ("a", "b")]
    for one in jobs:
        collector_run.run(collector_run.Job(one.mapping, one.source, {}, one.collector, exporter.directory))
    scrape = exporter.scrape()
    assert scrape.error == 0
    served = {series for series in scrape.series if series[0] == "m"}
    assert served == {("m", frozenset({("x", one.collector), ("path", one.source)})) for one in jobs}
    success = {dict(labels)["collector"] for name, labels in scrape.series if name == "xmlprom_last_run_success"}
    assert success == {"a", "b"}


# Memory, the disk and the directory


@pytest.mark.parametrize("megabytes", [24, 32, 64, 128])
def test_a_run_without_enough_memory_keeps_the_data_and_tells(megabytes, job, output, tmp_path):
    by_id = "rows: /s/*\nlimits: {series: 1000000}\nmetrics:\n  - {name: m, help: h, labels: {x: '@x'}}\n"
    mine = job(mapping=by_id, content="<s><a x='1'/></s>")
    collector_run.run(mine)
    before = Path(mine.data).read_bytes()
    with Path(mine.source).open("w") as stream:
        stream.writelines(["<s>", *(f"<a x='{number}'/>" for number in range(600_000)), "</s>"])
    os.utime(mine.source, (time.time() - 60,) * 2)
    done = subprocess.run(
        [sys.executable, SCRIPT, "collect", tmp_path / "m.yml", "--source", mine.source, "--output-dir", output],
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20,) * 2),
    )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"xmlprom: {mine.source}: out of memory: do many rows differ in a label? Leave it out, or raise the collector's"
        " memory_max\n"
    )
    assert Path(mine.data).read_bytes() == before
    assert told(mine)[0] == "killed"
    assert names(output) == ["m.prom", "m.status.prom"]


def test_a_dry_run_without_enough_memory_tells_so_wherever_it_ends(job, tmp_path):
    mapping = (
        "rows: /s/*\nlimits: {series: 1000000}\nmetrics:\n"
        "  - {name: m, help: h, labels: {x: x}, value: {from: n, aggregate: sum}}\n"
    )
    mine = job(mapping=mapping, content="")
    with Path(mine.source).open("w") as stream:
        stream.writelines(["<s>", *(f"<a><x>{number}</x><n>1</n></a>" for number in range(100_000)), "</s>"])
    for megabytes in range(18, 42, 3):
        done = subprocess.run(
            [sys.executable, SCRIPT, "collect", tmp_path / "m.yml", "--source", mine.source, "--dry-run"],
            capture_output=True,
            check=False,
            preexec_fn=lambda limit=megabytes << 20: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
        )
        if sys.version_info < (3, 10) and done.returncode == -signal.SIGABRT:
            # This Python can abort where memory ends while it makes the exception. The unit records such a run.
            assert b"Cannot recover from MemoryErrors" in done.stderr
            continue
        assert (done.returncode, done.stderr) == (1, b"xmlprom: out of memory\n"), megabytes


def test_a_lack_of_memory_that_lxml_can_not_raise_fails_the_run(job, monkeypatch):
    """lxml reports what fails in a call of libxml2's as Python reports a finalizer's fault: as unraisable.

    Memory ends here in a finalizer while the source is read; the element that lxml was at would be lost in silence.
    """

    class OutOfMemory:
        def __del__(self):
            raise MemoryError

    mine = job()
    collector_run.run(mine)
    before = Path(mine.data).read_bytes()
    real = files.SourceFile.chunks

    def chunks(self):
        for chunk in real(self):
            yield chunk
            OutOfMemory()

    Path(mine.source).write_text("<s><b/></s>")
    hook = sys.unraisablehook
    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    assert failing(mine).reason == "killed"
    assert Path(mine.data).read_bytes() == before
    assert sys.unraisablehook is hook


def test_a_full_disk_keeps_the_old_file_and_leaves_no_temporary_one(job, output):
    mine = job()
    collector_run.run(mine)
    before = Path(mine.data).read_bytes()
    rows = "".join(f"<a{number}/>" for number in range(2000))
    Path(mine.source).write_text(f"<s>{rows}</s>")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write then fails like one on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limit[1]))
    try:
        failure = failing(mine)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert failure.reason == "output"
    assert "can't be written: File too large" in str(failure)
    assert Path(mine.data).read_bytes() == before
    assert told(mine)[0] == "output"
    assert names(output) == ["m.prom", "m.status.prom"]
    collector_run.run(mine)
    assert len(samples(Path(mine.data).read_text())) == 2000


@pytest.mark.parametrize("step", ["_create", "fsync", "rename"])
def test_an_error_at_any_step_of_the_write_keeps_the_old_file(step, job, output, monkeypatch):
    mine = job()
    collector_run.run(mine)
    before = Path(mine.data).read_bytes()

    def fails(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic_write if step == "_create" else atomic_write.os, step, fails)
        assert failing(mine).reason == "output"
    assert Path(mine.data).read_bytes() == before
    assert names(output) == ["m.prom", "m.status.prom"]


@pytest.mark.parametrize("step", ["fdopen", "fchmod", "fsync", "rename"])
def test_power_loss_at_any_step_of_the_write_keeps_the_old_file_and_the_next_run_heals(step, job, output):
    """The process ends where a power loss would end it: os._exit runs no clean-up."""
    mine = job()
    collector_run.run(mine)
    before = Path(mine.data).read_bytes()
    Path(mine.source).write_text("<s><a/><b/></s>")
    child = os.fork()
    if child == 0:
        setattr(atomic_write.os, step, lambda *_: os._exit(9))
        collector_run.run(mine)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert Path(mine.data).read_bytes() == before
    for left in output.glob(".m.prom.*.tmp"):
        os.utime(left, (time.time() - 2 * atomic_write._ABANDONED,) * 2)
    collector_run.run(mine)
    assert len(samples(Path(mine.data).read_text())) == 2
    assert names(output) == ["m.prom", "m.status.prom"]


def test_a_file_is_on_the_disk_before_it_is_renamed(job, monkeypatch):
    steps = []
    for step in ("fsync", "rename"):
        real = getattr(os, step)
        monkeypatch.setattr(atomic_write.os, step, lambda *a, step=step, real=real: (steps.append(step), real(*a))[1])
    collector_run.run(job())
    assert steps == ["fsync", "rename", "fsync"] * 2


def test_kill_at_any_moment(tmp_path, output):
    """Many runs are killed at moments spread over a run's time; every file that a reader could see is whole."""
    rows = "".join(f'<i{number} operation="create"/>' for number in range(300))
    sources = []
    for number in range(2):
        path = tmp_path / f"{number}.xml"
        path.write_text(f"<store>{rows}{'<x/>' * number}</store>")
        sources.append(path)
    command = [sys.executable, str(SCRIPT), "collect", str(MAPPING), "--output-dir", str(output), "--source"]
    contents = [run(*command[2:], path, "--dry-run").out for path in sources]
    started = time.monotonic()
    subprocess.run([*command, str(sources[0])], check=True)
    longest = time.monotonic() - started
    draw = random.Random(4)
    for number in range(30):
        process = subprocess.Popen([*command, str(sources[number % 2])])
        time.sleep(draw.uniform(longest / 4, longest * 1.1))
        process.kill()
        process.wait()
        assert (output / "store.prom").read_text() in contents
        status = (output / "store.status.prom").read_text()
        assert told_of(status)["xmlprom_last_run_success"] == 1
        assert "xmlprom_build_info" in status
        assert status.endswith("\n")
    for left in output.glob(".*.tmp"):
        os.utime(left, (time.time() - 2 * atomic_write._ABANDONED,) * 2)
    assert run(*command[2:], sources[0]).status == 0
    assert names(output) == ["store.prom", "store.status.prom"]


def test_many_runs_at_once(tmp_path, output):
    command = [
        sys.executable,
        str(SCRIPT),
        "collect",
        str(MAPPING),
        "--output-dir",
        str(output),
        "--source",
        str(SOURCE),
    ]
    processes = [subprocess.Popen(command) for _ in range(6)]
    assert {process.wait() for process in processes} == {0}
    assert names(output) == ["store.prom", "store.status.prom"]
    assert run(*command[2:], "--dry-run").out == (output / "store.prom").read_text()


# Time and the status file


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\0",
        b"xmlprom_last_success_timestamp_seconds{} 1e+999\n",
        b'xmlprom_last_success_timestamp_seconds{collector="m"} NaN\n',
        b"xmlprom_last_success_timestamp_seconds{" * 100_000,
    ],
    ids=["bytes", "infinite", "NaN", "long"],
)
def test_a_status_file_that_is_garbage_is_replaced(garbage, job):
    mine = job()
    collector_run.run(mine)
    Path(mine.status).write_bytes(garbage)
    os.unlink(mine.source)
    assert failing(mine).reason == "missing"
    assert told(mine) == ("missing", pytest.approx(Path(mine.data).stat().st_mtime))


def test_a_status_file_that_is_a_fifo_is_replaced(job):
    mine = job()
    os.mkfifo(mine.status)
    collector_run.run(mine)
    assert told(mine)[0] is None


def at(seconds, job, monkeypatch):
    """Run the collector when the clock is off by that."""
    with monkeypatch.context() as patch:
        real = time.time
        patch.setattr(collector_run.time, "time", lambda: real() + seconds)
        collector_run.run(job)


def test_a_clock_that_was_ahead_leaves_nothing_that_looks_fresh(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.source, (time.time() + 86_400,) * 2)
    at(86_400, mine, monkeypatch)  # the clock is a day ahead, and then right again
    os.unlink(mine.source)
    assert failing(mine).reason == "missing"
    assert not Path(mine.data).exists()


def test_a_clock_that_is_set_back_a_little_withdraws_nothing(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    collector_run.run(mine)
    at(-600, mine, monkeypatch)
    assert Path(mine.data).exists()


def test_a_source_from_the_far_future_is_not_fresh(job):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.source, (time.time() + 86_400,) * 2)
    failure = failing(mine)
    assert failure.reason == "stale"
    assert "s from now" in str(failure)


def test_max_age_withdraws_the_data_and_the_status_says_when_they_were_good(job):
    mine = job(mapping="max_age: 1h\n" + ONE)
    collector_run.run(mine)
    success = told(mine)[1]
    os.utime(mine.source, (time.time() - 4000,) * 2)
    assert failing(mine).reason == "stale"
    assert not Path(mine.data).exists()
    assert told(mine) == ("stale", success)


def test_max_age_withdraws_the_data_when_the_source_fails_for_too_long(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.source, (time.time() - 4000,) * 2)
    at(-4000, mine, monkeypatch)  # 4000 seconds ago
    os.unlink(mine.source)
    assert Path(mine.data).exists()
    success = told(mine)[1]
    assert failing(mine).reason == "missing"
    assert not Path(mine.data).exists()
    assert told(mine) == ("missing", success)


# A source that changes


@pytest.fixture
def changing(job, monkeypatch):
    """A collector whose source changes each time that it is read, `times` times; and a list of the reads."""
    reads = []

    def run_changing(change, times):
        mine = job()
        real = files.SourceFile.chunks

        def chunks(self):
            reads.append(self)
            for chunk in real(self):
                yield chunk
                if len(reads) <= times:
                    change(Path(mine.source))

        monkeypatch.setattr(files.SourceFile, "chunks", chunks)
        return mine, reads

    return run_changing


def rewrite(path):
    status = path.stat()
    path.write_text("<s><b/></s>")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def grow(path):
    with path.open("a") as stream:
        stream.write(" ")


def truncate(path):
    os.truncate(path, 3)


def exchange(path):
    other = path.with_suffix(".new")
    other.write_text("<s><b/></s>")
    os.replace(other, path)


def remove_and_return(path):
    content = path.read_text()
    path.unlink()
    path.write_text(content)


CHANGES = [rewrite, grow, exchange, remove_and_return]


@pytest.mark.parametrize("change", CHANGES)
def test_a_source_that_changes_once_is_read_again(change, changing):
    mine, reads = changing(change, 1)
    collector_run.run(mine)
    assert len(reads) == 2
    expected = "b" if change in (rewrite, exchange) else "a"
    assert [dict(labels)["x"] for _, labels in dict(samples_of(Path(mine.data).read_text()))] == [expected]


@pytest.mark.parametrize("change", [*CHANGES, Path.unlink])
def test_a_source_that_keeps_changing_is_a_failed_run_that_keeps_the_data(change, changing):
    mine, reads = changing(change, 100)
    Path(mine.data).write_text('m{path="old"} 1\n')
    reason = failing(mine).reason
    assert reason == ("missing" if change is Path.unlink else "changed")
    assert Path(mine.data).read_text() == 'm{path="old"} 1\n'
    assert len(reads) == (1 if change is Path.unlink else 4)


def test_a_truncated_end_is_read_again_while_the_application_writes(job, monkeypatch):
    mine = job(content="<s><a/>")
    os.utime(mine.source)
    monkeypatch.setattr(collector_run.time, "sleep", lambda _: Path(mine.source).write_text("<s><a/><a/></s>"))
    collector_run.run(mine)
    assert Path(mine.data).read_text().endswith(" 2\n")


def test_a_half_written_source_that_is_gone_again_is_being_written(job, monkeypatch):
    """The application removes its file and writes it anew; the run sees the half that was there, then no file."""
    mine = job(content="<s><a></s>")
    real = files.SourceFile.chunks

    def chunks(self):
        if self.size == len("<s><a></s>"):
            os.unlink(mine.source)
        yield from real(self)

    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    monkeypatch.setattr(collector_run.time, "sleep", lambda _: Path(mine.source).write_text("<s><a/><a/></s>"))
    collector_run.run(mine)
    assert Path(mine.data).read_text().endswith(" 2\n")


def test_a_source_that_was_written_only_now_is_read_again(job, monkeypatch):
    """Two changes within a tick of the kernel's clock leave the same time, so that the second could not be seen."""
    mine = job()
    monkeypatch.setattr(collector_run, "_TICK", 3600)
    assert failing(mine).reason == "changed"
    monkeypatch.setattr(collector_run.time, "sleep", lambda _: os.utime(mine.source, (0, 0)))
    collector_run.run(mine)
    assert told(mine)[0] is None


def test_a_writer_that_rewrites_in_place_never_gives_wrong_numbers(job, monkeypatch):
    """All rows of a version have one name; a mixture of versions would show as two.

    The tick outlasts any wait of the writer on a busy machine, for a pause in the middle of a write is not to be seen.
    """
    mine = job()
    monkeypatch.setattr(collector_run, "_TICK", 30)
    monkeypatch.setattr(collector_run, "_PAUSES", (0.01, 0.01))
    path = Path(mine.source)
    versions = [f"<s>{f'<{name}/>' * 40_000}</s>" for name in ("a", "b")]
    path.write_text(versions[0])
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with path.open("r+") as stream:
                for start in range(0, len(versions[0]), 8192):
                    stream.write(versions[number % 2][start : start + 8192])
                    stream.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            try:
                collector_run.run(mine)
            except RunError as error:
                assert error.reason in ("changed", "malformed")  # noqa: PT017
            else:
                assert list(samples(Path(mine.data).read_text()).values()) == [40_000]
    finally:
        stop.set()
        writer.join()
