"""Faults around the output directory and the source: nothing half-written, nothing lost, and the next run heals."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
from command import EXAMPLES, SCRIPT, run, samples
from exporter import samples_of
from xmlprom import cli
from xmlprom.commands import collector_run
from xmlprom.errors import RunError
from xmlprom.mapping import location
from xmlprom.mapping.loader import load
from xmlprom.reading import files
from xmlprom.textfile import atomic_write, conflicts
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.ownership import mark

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
    monkeypatch.setattr(files, "_APART", 0)

    def make(name="m", mapping=ONE, content="<s><a/></s>"):
        (tmp_path / f"{name}.yml").write_text(mapping)
        path = tmp_path / f"{name}.xml"
        path.write_text(content)
        os.utime(path, (time.time() - 60,) * 2)
        return collector_run.Job(load(tmp_path / f"{name}.yml"), (str(path),), {}, CollectorFiles(name, str(output)))

    return make


def failing(job):
    with pytest.raises(RunError) as failure:
        collector_run.run(job)
    return failure.value


def status_of(job):
    """The status: what failed (None: nothing), and when it succeeded last."""
    status = samples(Path(job.files.status).read_text())
    reasons = [series.split('"')[3] for series, value in status.items() if "failure" in series and value]
    success = status.get(f'xmlprom_last_success_timestamp_seconds{{collector="{job.files.collector}"}}')
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
    before, success = Path(mine.files.data).read_bytes(), status_of(mine)[1]
    (output / "theirs.prom").write_text(content)
    failure = failing(mine)
    assert failure.reason == "conflict"
    assert f"{output}/theirs.prom conflicts: metric m: {message}" in str(failure)
    assert Path(mine.files.data).read_bytes() == before
    assert status_of(mine) == ("conflict", success)
    (output / "theirs.prom").unlink()
    collector_run.run(mine)
    assert status_of(mine)[0] is None


def test_the_same_series_in_another_file_is_a_conflict(job, output):
    mine = job()
    (output / "theirs.prom").write_text(f'# HELP m h\n# TYPE m gauge\nm{{path="{mine.sources[0]}",x="a"}} 1\n')
    failure = failing(mine)
    assert failure.reason == "conflict"
    assert f'the series m{{path="{mine.sources[0]}",x="a"}}' in str(failure)
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
    assert Path(mine.files.data).read_text().endswith("1\n")


THEIRS = "# HELP backup_age_seconds h\n# TYPE backup_age_seconds gauge\nbackup_age_seconds{} 1\n"
FOREIGN = {
    "a file of metrics": THEIRS.encode(),
    "with a label path": THEIRS.replace("{}", '{path="/backup"}').encode(),
    "in the quoted syntax": b'{"backup_age_seconds",path="/backup"} 1\n',
    "behind a long comment": b"#" + b" " * (65 << 20) + b"\nbackup_age_seconds 1\n",
    "of another collector": mark("other").encode() + b'm{path="/other"} 1\n',
    "garbage": b"\xff\0",
    "another program's status": b'# HELP xmlprom_last_run_success h\nxmlprom_last_run_success{collector="m"} 1\n',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("which", ["data", "status"])
@pytest.mark.parametrize("max_age", ["", "max_age: 1h\n"])
def test_another_programs_file_of_the_collectors_name_is_never_touched(max_age, which, content, job):
    mine = job(mapping=max_age + ONE)
    file = Path(getattr(mine.files, which))
    file.write_bytes(content)
    os.utime(file, (0, 0))
    for _ in range(3):  # also when the other file is beside it
        failure = failing(mine)
        assert failure.reason == "conflict"
        assert f"{file} is another program's" in str(failure)
        assert file.read_bytes() == content
        if which == "data":
            assert status_of(mine) == ("conflict", None)
        else:
            assert not Path(mine.files.data).exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/nowhere", path)])
@pytest.mark.parametrize("which", ["data", "status"])
def test_what_is_no_regular_file_is_never_touched(which, make, job):
    mine = job()
    make(getattr(mine.files, which))
    assert failing(mine).reason == "conflict"
    assert not os.path.isfile(getattr(mine.files, which))


def test_files_of_release_0_1_are_taken_over(job):
    mine = job()
    now = time.time()
    old = {
        mine.files.data: '# HELP m h\n# TYPE m gauge\nm{path="/old.xml",x="a"} 1\n',
        mine.files.status: old_status(now),
    }
    for file, content in old.items():
        Path(file).write_text(content)
    collector_run.run(mine)
    assert status_of(mine)[0] is None
    assert Path(mine.files.data).read_text().startswith(mark("m"))


def old_status(success):
    return (
        "# HELP xmlprom_last_run_success Whether the last run replaced the data file\n"
        '# TYPE xmlprom_last_run_success gauge\nxmlprom_last_run_success{collector="m"} 1\n'
        f'xmlprom_last_success_timestamp_seconds{{collector="m"}} {success}\n'
        'xmlprom_build_info{collector="m",version="0.1.0"} 1\n'
    )


NOT_OF_0_1 = {
    "no status beside it": (None, 'm{path="/a"} 1\n', 0),
    "never a success": (old_status("NaN"), 'm{path="/a"} 1\n', 0),
    "older than the success": (old_status(2000), 'm{path="/a"} 1\n', 1000),
    "younger than the success": (old_status(2000), 'm{path="/a"} 1\n', 200_000),
    "a series without a path": (old_status(2000), 'm{path="/a"} 1\nbackup 1\n', 2000),
}


@pytest.mark.parametrize(("status", "data", "written"), NOT_OF_0_1.values(), ids=NOT_OF_0_1)
def test_what_is_not_certain_to_be_of_release_0_1_is_not_taken_over(status, data, written, job):
    mine = job()
    if status:
        Path(mine.files.status).write_text(status)
    Path(mine.files.data).write_text(data)
    os.utime(mine.files.data, (written, written))
    assert failing(mine).reason == "conflict"
    assert Path(mine.files.data).read_text() == data


def test_a_data_file_that_takes_too_long_to_serve_is_refused(job, monkeypatch):
    mine = job()
    collector_run.run(mine)
    before = Path(mine.files.data).read_bytes()
    monkeypatch.setattr(conflicts, "MAX_SIZE", len(before) - 1)
    assert failing(mine).reason == "limit"
    assert Path(mine.files.data).read_bytes() == before
    monkeypatch.setattr(conflicts, "MAX_SIZE", len(before))
    collector_run.run(mine)


def test_metrics_with_rows_and_without_a_value_are_counted(job):
    value = "value: {from: '@n', aggregate: %s}"
    metrics = "".join(f"  - {{name: {kind}, help: h, {value % kind}}}\n" for kind in ("sum", "max", "last"))
    none = "  - {name: none, help: h, where: {'@n': '7'}, value: {from: '@n', aggregate: max}}\n"
    mine = job(mapping=f"rows: /s/*\nmetrics:\n{metrics}{none}", content="<s><a/><a m='1'/></s>")
    for content, empty in (("<s><a/><a m='1'/></s>", 3), ("<s><a n='1'/><a/></s>", 0), ("<s/>", 0)):
        Path(mine.sources[0]).write_text(content)
        collector_run.run(mine)
        assert told_of(Path(mine.files.status).read_text())["xmlprom_empty_metrics"] == empty


UNKNOWN = {
    "no label": ("", "<a/><a/>", {}),
    "no label, one with a value": ("", "<a/><a n='2'/>", {"": 2}),
    "no row": ("", "", {"": 0}),
    "declared": ("{from: '@x', values: [p, q, r]}", "<a x='p'/><a x='q' n='2'/>", {"q": 2, "r": 0}),
    "some with a value": ("{from: '@x', values: [p]}", "<a x='p'/><a x='p' n='2'/>", {"p": 2}),
    "all skipped": ("{from: '@x', values: [p, q]}", "<a x='p' n='-'/>", {"q": 0}),
    "undeclared": ("{from: '@x', values: [p]}", "<a x='z'/>", {"p": 0}),
    "default": ("{from: '@x', values: [p, q], default: q}", "<a/>", {"p": 0}),
}


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("type_", ["gauge", "counter", "summary", "histogram"])
def test_a_sum_of_rows_without_a_value_is_unknown_and_not_zero(type_, name, job):
    """After an upgrade that renames what held the value, the metric is absent."""
    label, content, expected = UNKNOWN[name]
    value = f"value: {{from: '@n', invalid: skip{', aggregate: sum' if type_ in ('gauge', 'counter') else ''}}}"
    labels = f", labels: {{x: {label}}}" if label else ""
    more = f"type: {type_}, {'buckets: [1], ' if type_ == 'histogram' else ''}help: h{labels}, {value}"
    mine = job(mapping=f"rows: /s/*\nmetrics:\n  - {{name: m_total, {more}}}\n", content=f"<s>{content}</s>")
    collector_run.run(mine)
    wanted = "m_total" if type_ in ("gauge", "counter") else "m_total_sum"
    found = samples_of(Path(mine.files.data).read_text())
    assert {dict(labels).get("x", ""): value for (name, labels), value in found if name == wanted} == expected


# The bulk and form of neighbours


RPC = "rows: /s/*\nmetrics:\n  - {name: rpc_seconds_sum, help: h, labels: {x: name()}}\n"
IMPLIED = {
    "summary": b'# TYPE rpc_seconds summary\nrpc_seconds{quantile="0.5"} 1\n',
    "histogram": b'# TYPE rpc_seconds histogram\nrpc_seconds_bucket{le="+Inf"} 1\n',
    "summary, quoted": b'# TYPE "rpc_seconds" summary\n{"rpc_seconds",quantile="0.5"} 1\n',
}


@pytest.mark.parametrize("content", IMPLIED.values(), ids=IMPLIED)
def test_a_neighbours_summary_or_histogram_implies_names_that_no_line_has(content, job, output):
    (output / "theirs.prom").write_bytes(content)
    failure = failing(job(mapping=RPC))
    assert failure.reason == "conflict"
    assert "its samples rpc_seconds_sum are those of the metric rpc_seconds" in str(failure)


QUOTED = {
    "name": '# HELP "m" other\n# TYPE "m" gauge\n{"m",x="z"} 1\n',
    "name behind labels": '# HELP m other\n# TYPE m gauge\n{x="z","m"} 1\n',
    "label": '# HELP m h\n# TYPE m gauge\nm{"path"="PATH","x"="a"} 1\n',
    "everything": '# HELP "m" h\n# TYPE "m" gauge\n{"m","x"="a","path"="PATH"} 1\n',
}


@pytest.mark.parametrize("content", QUOTED.values(), ids=QUOTED)
def test_a_neighbour_in_the_quoted_syntax_is_read(content, job, output):
    mine = job()
    (output / "theirs.prom").write_text(content.replace("PATH", mine.sources[0]))
    assert failing(mine).reason == "conflict"


@pytest.mark.parametrize("directories", ["{0}", "{0}/", "{1}/*", "{1}/.mor[e]*"])
def test_the_other_directories_that_node_exporter_reads_are_neighbours(directories, job, tmp_path):
    other = tmp_path / "exporter" / ".more"
    other.mkdir(parents=True)
    (other / "theirs.prom").write_text("# HELP m other\n# TYPE m gauge\nm 1\n")
    mine = job()
    collector_run.run(mine)
    wide = mine._replace(files=mine.files._replace(neighbours=(directories.format(other, other.parent),)))
    failure = failing(wide)
    assert failure.reason == "conflict"
    assert f"{other}/theirs.prom conflicts: metric m" in str(failure).replace("//", "/")


def test_the_collectors_own_directory_may_be_among_them(job):
    mine = job()
    mine = mine._replace(files=mine.files._replace(neighbours=(f"{mine.files.directory}/../*", "/nowhere")))
    for _ in range(2):
        collector_run.run(mine)


def run_within(mine, megabytes, seconds):
    """Run a collector in a process of its own."""
    mapping = Path(mine.sources[0]).with_suffix(".yml")
    return subprocess.run(
        [sys.executable, SCRIPT, "collect", mapping, "--source", mine.sources[0], "--output-dir", mine.files.directory],
        capture_output=True,
        check=False,
        timeout=seconds,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20,) * 2),
    )


def bulk(output, name, lines):
    with (output / name).open("w") as stream:
        stream.writelines(lines)


@pytest.mark.parametrize("name", ["m_done", "m_sum", "other"])
def test_a_neighbour_of_any_number_of_series_fits_beside(name, job, output):
    bulk(output, "theirs.prom", (f'{name}{{job="{number}",state="done"}} {number}\n' for number in range(300_000)))
    assert run_within(job(), 40, 60).stderr == b""


LONG_LINES = {
    "braces": "m{" + "}" * 60_000 + " x",
    "blanks": "m{" + " " * 200_000 + "x",
    "blanks behind a name": "# HELP m" + " " * 200_000 + "\r\v",
    "labels": "m{" + 'a="b",' * 100_000 + " x",
    "a label without an end": 'm{a="' + "x" * 200_000,
    "escapes": 'm{a="' + r"\\" * 100_000,
    "digits": "m " + "1" * 200_000 + "x",
    "a name": "m" * 200_000,
    "quotes": "{" + '"' * 200_000,
}


@pytest.mark.parametrize("line", LONG_LINES.values(), ids=LONG_LINES)
def test_a_neighbour_of_any_form_takes_time_that_is_linear_in_its_size(line, job, output):
    bulk(output, "theirs.prom", [f"{line}\n"] * 10 + ["m_other 1\n"])
    started = time.process_time()
    with contextlib.suppress(RunError):
        collector_run.run(job())
    assert time.process_time() - started < 10  # a few milliseconds a line; the square of its length is minutes


def test_what_is_behind_a_long_comment_is_read(job, output):
    bulk(output, "theirs.prom", ["#", *(" " * (1 << 20) for _ in range(65)), "\n# HELP m other\n# TYPE m gauge\nm 1\n"])
    assert failing(job()).reason == "conflict"


def test_two_collectors_of_70_000_series_each_fit_beside_each_other(job, output):
    """Seven metrics with as many series as they may have, in the memory that the role gives a collector."""
    metric = "  - {{name: m{0}, help: h, labels: {{x: '@x'}}}}\n"
    mapping = "rows: /s/*\nmetrics:\n" + "".join(map(metric.format, range(7)))
    jobs = [job(name, mapping, "") for name in ("a", "b")]
    for mine in jobs:
        bulk(
            Path(mine.sources[0]).parent,
            Path(mine.sources[0]).name,
            ["<s>", *(f"<a x='{n}'/>" for n in range(10_000)), "</s>"],
        )
        os.utime(mine.sources[0], (time.time() - 60,) * 2)
        assert run_within(mine, 128, 60).stderr == b""
    assert run_within(jobs[0], 128, 60).stderr == b""


def test_two_collectors_share_a_family_by_the_same_mapping(job, exporter, monkeypatch):
    jobs = [job(name, content=f"<s><{name}/></s>") for name in ("a", "b")]
    for one in jobs:
        collector_run.run(one._replace(files=CollectorFiles(one.files.collector, str(exporter.directory))))
    scrape = exporter.scrape()
    assert scrape.error == 0
    served = {series for series in scrape.series if series[0] == "m"}
    assert served == {("m", frozenset({("x", one.files.collector), ("path", one.sources[0])})) for one in jobs}
    success = {dict(labels)["collector"] for name, labels in scrape.series if name == "xmlprom_last_run_success"}
    assert success == {"a", "b"}


# Memory, the disk and the directory


@pytest.mark.parametrize("megabytes", [24, 32, 64, 128])
def test_a_run_without_enough_memory_keeps_the_data_and_tells(megabytes, job, output, tmp_path):
    by_id = "rows: /s/*\nlimits: {series: 1000000}\nmetrics:\n  - {name: m, help: h, labels: {x: '@x'}}\n"
    mine = job(mapping=by_id, content="<s><a x='1'/></s>")
    collector_run.run(mine)
    before = Path(mine.files.data).read_bytes()
    with Path(mine.sources[0]).open("w") as stream:
        stream.writelines(["<s>", *(f"<a x='{number}'/>" for number in range(600_000)), "</s>"])
    os.utime(mine.sources[0], (time.time() - 60,) * 2)
    done = subprocess.run(
        [sys.executable, SCRIPT, "collect", tmp_path / "m.yml", "--source", mine.sources[0], "--output-dir", output],
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20,) * 2),
    )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"xmlprom: {mine.sources[0]}: out of memory: do many rows differ in a label? Leave it out, or raise the"
        " collector's memory_max\n"
    )
    assert Path(mine.files.data).read_bytes() == before
    assert status_of(mine)[0] == "killed"
    assert names(output) == ["m.prom", "m.status.prom"]


def test_a_dry_run_without_enough_memory_tells_so_wherever_it_ends(job, tmp_path):
    mapping = (
        "rows: /s/*\nlimits: {series: 1000000}\nmetrics:\n"
        "  - {name: m, help: h, labels: {x: x}, value: {from: n, aggregate: sum}}\n"
    )
    mine = job(mapping=mapping, content="")
    with Path(mine.sources[0]).open("w") as stream:
        stream.writelines(["<s>", *(f"<a><x>{number}</x><n>1</n></a>" for number in range(100_000)), "</s>"])
    for megabytes in range(18, 42, 3):
        done = subprocess.run(
            [sys.executable, SCRIPT, "collect", tmp_path / "m.yml", "--source", mine.sources[0], "--dry-run"],
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
    before = Path(mine.files.data).read_bytes()
    real = files.SourceFile.chunks

    def chunks(self):
        for chunk in real(self):
            yield chunk
            OutOfMemory()

    Path(mine.sources[0]).write_text("<s><b/></s>")
    hook = sys.unraisablehook
    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    assert failing(mine).reason == "killed"
    assert Path(mine.files.data).read_bytes() == before
    assert sys.unraisablehook is hook


def test_a_full_disk_keeps_the_old_file_and_leaves_no_temporary_one(job, output):
    mine = job()
    collector_run.run(mine)
    before = Path(mine.files.data).read_bytes()
    rows = "".join(f"<a{number}/>" for number in range(2000))
    Path(mine.sources[0]).write_text(f"<s>{rows}</s>")
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
    assert Path(mine.files.data).read_bytes() == before
    assert status_of(mine)[0] == "output"
    assert names(output) == ["m.prom", "m.status.prom"]
    collector_run.run(mine)
    assert len(samples(Path(mine.files.data).read_text())) == 2000


@pytest.mark.parametrize("step", ["_create", "fsync", "rename"])
def test_an_error_at_any_step_of_the_write_keeps_the_old_file(step, job, output, monkeypatch):
    mine = job()
    collector_run.run(mine)
    before = Path(mine.files.data).read_bytes()

    def fails(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic_write if step == "_create" else atomic_write.os, step, fails)
        assert failing(mine).reason == "output"
    assert Path(mine.files.data).read_bytes() == before
    assert names(output) == ["m.prom", "m.status.prom"]


@pytest.mark.parametrize("step", ["fdopen", "fchmod", "fsync", "rename"])
def test_power_loss_at_any_step_of_the_write_keeps_the_old_file_and_the_next_run_heals(step, job, output):
    """The process ends where a power loss would end it: os._exit runs no clean-up."""
    mine = job()
    collector_run.run(mine)
    before = Path(mine.files.data).read_bytes()
    Path(mine.sources[0]).write_text("<s><a/><b/></s>")
    child = os.fork()
    if child == 0:
        real = getattr(os, step)
        reads = ("rb",)  # what is opened to be read is no step of the write
        setattr(os, step, lambda *a, **more: real(*a, **more) if a[1:] == reads else os._exit(9))
        collector_run.run(mine)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert Path(mine.files.data).read_bytes() == before
    for left in output.glob(".m.prom.*.tmp"):
        os.utime(left, (time.time() - 2 * atomic_write._ABANDONED,) * 2)
    collector_run.run(mine)
    assert len(samples(Path(mine.files.data).read_text())) == 2
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
def test_a_status_file_with_garbage_behind_the_mark_is_replaced(garbage, job):
    mine = job()
    collector_run.run(mine)
    Path(mine.files.status).write_bytes(mark("m").encode() + garbage)
    os.unlink(mine.sources[0])
    assert failing(mine).reason == "missing"
    assert status_of(mine) == ("missing", pytest.approx(Path(mine.files.data).stat().st_mtime))


def test_an_empty_file_is_replaced(job):
    mine = job()
    for file in (mine.files.data, mine.files.status):
        Path(file).touch()
    collector_run.run(mine)
    assert status_of(mine)[0] is None


def at(seconds, job, monkeypatch):
    """Run the collector when the clock is off by that."""
    with monkeypatch.context() as patch:
        real = time.time
        patch.setattr(collector_run.time, "time", lambda: real() + seconds)
        collector_run.run(job)


def test_a_clock_that_was_ahead_leaves_nothing_that_looks_fresh(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.sources[0], (time.time() + 86_400,) * 2)
    at(86_400, mine, monkeypatch)  # the clock is a day ahead, and then right again
    os.unlink(mine.sources[0])
    assert failing(mine).reason == "missing"
    assert not Path(mine.files.data).exists()


def test_a_clock_that_is_set_back_a_little_withdraws_nothing(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    collector_run.run(mine)
    at(-600, mine, monkeypatch)
    assert Path(mine.files.data).exists()


def test_a_source_from_the_far_future_is_not_fresh(job):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.sources[0], (time.time() + 86_400,) * 2)
    failure = failing(mine)
    assert failure.reason == "stale"
    assert "s from now" in str(failure)


def test_max_age_withdraws_the_data_and_the_status_says_when_they_were_good(job):
    mine = job(mapping="max_age: 1h\n" + ONE)
    collector_run.run(mine)
    success = status_of(mine)[1]
    os.utime(mine.sources[0], (time.time() - 4000,) * 2)
    assert failing(mine).reason == "stale"
    assert not Path(mine.files.data).exists()
    assert status_of(mine) == ("stale", success)


def test_max_age_withdraws_the_data_when_the_source_fails_for_too_long(job, monkeypatch):
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.sources[0], (time.time() - 4000,) * 2)
    at(-4000, mine, monkeypatch)  # 4000 seconds ago
    os.unlink(mine.sources[0])
    assert Path(mine.files.data).exists()
    success = status_of(mine)[1]
    assert failing(mine).reason == "missing"
    assert not Path(mine.files.data).exists()
    assert status_of(mine) == ("missing", success)


def test_the_age_is_the_sources_and_not_that_of_the_last_success(job, monkeypatch):
    """Data of a source that was 50 minutes old when it was read are two hours old 70 minutes later."""
    mine = job(mapping="max_age: 1h\n" + ONE)
    os.utime(mine.sources[0], (time.time() - 7200,) * 2)
    at(-4200, mine, monkeypatch)
    at(-4000, mine, monkeypatch)
    os.unlink(mine.sources[0])
    with monkeypatch.context() as patch:
        real = time.time
        patch.setattr(collector_run.time, "time", lambda: real() - 3500)
        assert failing(mine).reason == "missing"
    assert not Path(mine.files.data).exists()
    assert status_of(mine)[0] == "missing"


# A run that ends before it reads its source


@pytest.fixture
def named(job, tmp_path, monkeypatch):
    """A collector of this host, m, that has run; and a function that runs it by its name."""
    monkeypatch.setattr(location, "CONFIGURATION_DIRECTORY", str(tmp_path))
    mine = job(mapping="max_age: 1h\n" + ONE)
    mapping = tmp_path / "m.yml"
    mapping.write_text(f"source: {mine.sources[0]}\n{mapping.read_text()}")

    def collect(*more):
        return cli.main(["collect", "m", "--output-dir", mine.files.directory, *more])

    assert collect() == 0
    return mine, mapping, collect


ENDS = {
    "no mapping": (lambda mapping, _: mapping.unlink(), 2, "mapping"),
    "a broken mapping": (lambda mapping, _: mapping.write_text("rows: ["), 2, "mapping"),
    "a mapping without a source": (lambda mapping, _: mapping.write_text(ONE), 2, "mapping"),
    "no lxml": (lambda _, patch: without(patch, "lxml", ModuleNotFoundError), 1, "package"),
    "a broken lxml": (lambda _, patch: without(patch, "lxml", ImportError), 1, "package"),
    "no PyYAML": (lambda _, patch: without(patch, "yaml", ModuleNotFoundError), 1, "package"),
    "a fault of xmlprom": (lambda _, patch: without(patch, "lxml", ZeroDivisionError), 1, "internal"),
    "no memory": (lambda _, patch: without(patch, "lxml", MemoryError), 1, "killed"),
}


def without(patch, package, error):
    """Let the import of a package fail, also for the modules of xmlprom that need it."""

    class Finder:
        def find_spec(self, name, *_):
            if name.partition(".")[0] == package:
                raise error(name, name=name) if issubclass(error, ImportError) else error(name)

    for name in list(sys.modules):
        if name.partition(".")[0] == package or name.startswith(("xmlprom.commands", "xmlprom.reading", "xmlprom.map")):
            patch.delitem(sys.modules, name)
    patch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    from xmlprom.mapping import location as fresh  # noqa: PLC0415 - the one that the run will import

    patch.setattr(fresh, "CONFIGURATION_DIRECTORY", location.CONFIGURATION_DIRECTORY)


@pytest.mark.parametrize(("end", "status", "reason"), ENDS.values(), ids=ENDS)
def test_the_status_records_a_run_that_ends_before_it_reads_its_source(end, status, reason, named, monkeypatch, capsys):
    mine, mapping, collect = named
    success = status_of(mine)[1]
    with monkeypatch.context() as patch:
        end(mapping, patch)
        capsys.readouterr()
        assert collect() == status
        message = capsys.readouterr().err
    assert message.startswith("xmlprom: ")
    assert "Traceback" not in message
    assert status_of(mine) == (reason, success)
    assert Path(mine.files.data).exists()


@pytest.mark.parametrize(("end", "status", "reason"), ENDS.values(), ids=ENDS)
def test_such_a_run_withdraws_data_that_are_too_old(end, status, reason, named, monkeypatch):
    mine, mapping, collect = named
    content = re.sub("(?<=modified: )[0-9.]+", str(time.time() - 4000), Path(mine.files.data).read_text())
    Path(mine.files.data).write_text(content)
    with monkeypatch.context() as patch:
        end(mapping, patch)
        assert collect() == status
    assert not Path(mine.files.data).exists()
    assert status_of(mine)[0] == reason


def test_a_run_that_was_killed_withdraws_data_that_are_too_old(named):
    mine, _, collect = named
    assert collect("--killed", "timeout") == 1
    assert status_of(mine)[0] == "killed"
    assert Path(mine.files.data).exists()
    content = re.sub("(?<=modified: )[0-9.]+", str(time.time() - 4000), Path(mine.files.data).read_text())
    Path(mine.files.data).write_text(content)
    assert collect("--killed", "timeout") == 1
    assert not Path(mine.files.data).exists()


def test_a_command_line_by_hand_touches_nothing(named, tmp_path, output):
    _, mapping, collect = named
    before = {path: path.read_bytes() for path in output.iterdir()}
    mapping.write_text("rows: [")
    assert cli.main(["collect", str(mapping), "--output-dir", str(output)]) == 2
    assert cli.main(["collect", "no-collector", "--output-dir", str(output)]) == 2
    assert collect("--dry-run") == 2
    assert {path: path.read_bytes() for path in output.iterdir()} == before


USAGE = [
    ["--dry-run", "--killed", "timeout"],
    ["--killed", ""],
    ["--source", ""],
    ["--source", "/a\0b"],
    ["--output-dir", " "],
]


@pytest.mark.parametrize("arguments", USAGE, ids=repr)
def test_what_is_no_use_is_a_usage_error(arguments, named, output, capsys):
    before = {path: path.read_bytes() for path in output.iterdir()}
    with pytest.raises(SystemExit) as end:
        named[2](*arguments)
    assert end.value.code == 2
    assert "xmlprom collect: error: " in capsys.readouterr().err
    assert {path: path.read_bytes() for path in output.iterdir()} == before


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
                    change(Path(mine.sources[0]))

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
    assert [dict(labels)["x"] for _, labels in dict(samples_of(Path(mine.files.data).read_text()))] == [expected]


@pytest.mark.parametrize("change", [*CHANGES, Path.unlink])
def test_a_source_that_keeps_changing_is_a_failed_run_that_keeps_the_data(change, changing):
    mine, reads = changing(change, 100)
    old = f"{mark('m')}m 1\n"
    Path(mine.files.data).write_text(old)
    reason = failing(mine).reason
    assert reason == ("missing" if change is Path.unlink else "changed")
    assert Path(mine.files.data).read_text() == old
    assert len(reads) == (1 if change is Path.unlink else 4)


def test_a_truncated_end_is_read_again_while_the_application_writes(job, monkeypatch):
    mine = job(content="<s><a/>")
    os.utime(mine.sources[0])
    monkeypatch.setattr(collector_run.time, "sleep", lambda _: Path(mine.sources[0]).write_text("<s><a/><a/></s>"))
    collector_run.run(mine)
    assert Path(mine.files.data).read_text().endswith(" 2\n")


def test_a_half_written_source_that_is_gone_again_is_being_written(job, monkeypatch):
    """The application removes its file and writes it anew; the run sees the half that was there, then no file."""
    mine = job(content="<s><a></s>")
    real = files.SourceFile.chunks

    def chunks(self):
        if self.size == len("<s><a></s>"):
            os.unlink(mine.sources[0])
        yield from real(self)

    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    monkeypatch.setattr(collector_run.time, "sleep", lambda _: Path(mine.sources[0]).write_text("<s><a/><a/></s>"))
    collector_run.run(mine)
    assert Path(mine.files.data).read_text().endswith(" 2\n")


@pytest.mark.parametrize(("tick", "whole_seconds"), [("_TICK", False), ("_COARSE_TICK", True)])
def test_a_large_source_that_was_written_only_now_is_read_again(tick, whole_seconds, job, monkeypatch):
    """Two changes within a tick of the file system's clock leave the same time: the second could not be seen."""
    mine = job()
    monkeypatch.setattr(files, "_MAX_COMPARED", 0)
    if whole_seconds:
        on_whole_seconds(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(files, tick, 3600)
        assert failing(mine).reason == "changed"
    monkeypatch.setattr(files, "_COARSE_TICK" if tick == "_TICK" else "_TICK", 3600)
    monkeypatch.setattr(files, tick, 0)
    collector_run.run(mine)
    assert status_of(mine)[0] is None


def on_whole_seconds(monkeypatch):
    """Times as a file system has them that keeps whole seconds."""

    def rounded(real):
        def status(file):
            found = real(file)
            names = [name for name in dir(found) if name.startswith("st_")]
            second = 1_000_000_000
            values = {name: getattr(found, name) for name in names}
            for kind in ("mtime", "ctime"):
                values[f"st_{kind}_ns"] -= values[f"st_{kind}_ns"] % second
                values[f"st_{kind}"] = values[f"st_{kind}_ns"] / second
            return types.SimpleNamespace(**values)

        return status

    seen = types.SimpleNamespace(**vars(os))
    seen.stat, seen.fstat = rounded(os.stat), rounded(os.fstat)
    monkeypatch.setattr(files, "os", seen)


def in_place(path, content):
    with path.open("r+b", buffering=0) as stream:
        for start in range(0, len(content), 8192):
            stream.write(content[start : start + 8192])


def truncating(path, content):
    with path.open("wb", buffering=0) as stream:
        for start in range(0, len(content), 8192):
            stream.write(content[start : start + 8192])


def through_memory(path, content):
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as memory:
        for start in range(0, len(content), 8192):
            memory[start : start + 8192] = content[start : start + 8192]


def setting_the_time_back(path, content):
    before = path.stat()
    in_place(path, content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("write", [in_place, truncating, through_memory, setting_the_time_back])
@pytest.mark.parametrize("whole_seconds", [False, True], ids=["", "whole seconds"])
def test_a_source_that_is_rewritten_while_it_is_parsed_gives_the_old_or_the_new(write, whole_seconds, job, monkeypatch):
    """The writer runs between two chunks of the first reading, as it would beside the run; the second reading is whole.

    All rows of a version have one name; a mixture of versions would show as two.
    """
    versions = [f"<s>{f'<{name}/>' * 40_000}</s>".encode() for name in ("a", "b")]
    mine = job(content=versions[0].decode())
    path = Path(mine.sources[0])
    if whole_seconds:
        on_whole_seconds(monkeypatch)
    real, reads = files.SourceFile.chunks, []

    def chunks(self):
        reads.append(self)
        for number, chunk in enumerate(real(self)):
            yield chunk
            if number == 1 and len(reads) == 1:
                write(path, versions[1])

    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    collector_run.run(mine)
    assert len(reads) == 2
    assert samples(Path(mine.files.data).read_text()) == {f'm{{path="{path}",x="b"}}': 40_000}


@pytest.mark.parametrize("write", [in_place, truncating, through_memory, setting_the_time_back])
def test_a_writer_never_gives_wrong_numbers(write, tmp_path, job, monkeypatch):
    """A process of its own rewrites the source again and again; each run gives one version, or fails."""
    monkeypatch.setattr(files, "_APART", 0.1)
    monkeypatch.setattr(collector_run, "_PAUSES", (0.01, 0.01))
    versions = [f"<s>{f'<{name}/>' * 40_000}</s>".encode() for name in ("a", "b")]
    mine = job(content=versions[0].decode())
    writer = os.fork()
    if writer == 0:
        try:
            for number in itertools.count(1):
                write(Path(mine.sources[0]), versions[number % 2])
                time.sleep(0.2)
        finally:
            os._exit(1)
    try:
        for _ in range(10):
            try:
                collector_run.run(mine)
            except RunError as error:
                assert error.reason in ("changed", "malformed")  # noqa: PT017
            else:
                assert list(samples(Path(mine.files.data).read_text()).values()) == [40_000]
        assert os.waitpid(writer, os.WNOHANG) == (0, 0), "the writer has ended"
    finally:
        os.kill(writer, signal.SIGKILL)


def test_a_source_that_rests_is_read_twice_without_a_pause(job, monkeypatch):
    mine = job()
    with monkeypatch.context() as patch:
        patch.setattr(files, "_RECENT", 0)
        patch.setattr(files.time, "sleep", lambda _: pytest.fail("it paused"))
        collector_run.run(mine)
    assert status_of(mine)[0] is None


def test_a_fault_of_a_file_that_changed_meanwhile_is_the_change(job, monkeypatch):
    """Half of the old and half of the new can be anything: a text that is no number, another root."""
    mine = job(
        mapping=ONE.replace("labels: {x: name()}", "value: {from: '@n', aggregate: sum}"), content="<s><a n='x'/></s>"
    )
    real = files.SourceFile.chunks

    def chunks(self):
        for chunk in real(self):
            if b"x" in chunk:
                Path(mine.sources[0]).write_text("<s><a n='1'/></s>")
            yield chunk

    monkeypatch.setattr(files.SourceFile, "chunks", chunks)
    collector_run.run(mine)
    assert status_of(mine)[0] is None
