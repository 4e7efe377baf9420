"""What is written, and what never is."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
import time

import pytest
from command import EXAMPLES, SCRIPT, run, run_as_nobody, samples
from prometheus_client.parser import text_string_to_metric_families
from xmlprom.textfile.atomic_write import replace
from xmlprom.textfile.ownership import mark

SOURCE = EXAMPLES / "store.xml"
MAPPING = EXAMPLES / "store.yml"


def collect(directory, *more, source=SOURCE, **options):
    return run("collect", MAPPING, "--source", source, "--output-dir", directory, *more, **options)


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o000])
def test_files_are_readable_by_all_and_writable_by_the_owner_whatever_the_umask(tmp_path, umask):
    assert collect(tmp_path, umask=umask).status == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"store.prom": 0o644, "store.status.prom": 0o644}


def test_the_data_file_is_what_a_dry_run_prints(tmp_path):
    assert collect(tmp_path).status == 0
    assert (tmp_path / "store.prom").read_text() == collect(tmp_path, "--dry-run").out


def test_a_second_run_writes_the_same_bytes(tmp_path):
    contents = []
    for _ in range(2):
        collect(tmp_path)
        contents.append((tmp_path / "store.prom").read_bytes())
    assert contents[0] == contents[1]


def test_status_of_a_success(tmp_path):
    before = time.time()
    collect(tmp_path)
    status = (tmp_path / "store.status.prom").read_text()
    found = {series.replace('{collector="store"}', ""): value for series, value in samples(status).items()}
    assert found["xmlprom_last_run_success"] == 1
    assert not any("last_run_failure" in series for series in found)
    assert before <= found["xmlprom_last_run_timestamp_seconds"] <= time.time()
    assert found["xmlprom_last_success_timestamp_seconds"] == found["xmlprom_last_run_timestamp_seconds"]
    assert 0 < found["xmlprom_last_run_duration_seconds"] < 60
    assert found["xmlprom_source_modified_timestamp_seconds"] == pytest.approx(SOURCE.stat().st_mtime)
    assert found["xmlprom_source_size_bytes"] == SOURCE.stat().st_size
    assert (found["xmlprom_rows"], found["xmlprom_series"], found["xmlprom_folded_rows"]) == (6, 10, 0)
    assert found["xmlprom_series_limit"] == 10_000
    assert "xmlprom_source_max_age_seconds" not in found
    assert found['xmlprom_build_info{collector="store",version="0.1.0"}'] == 1
    families = list(text_string_to_metric_families(status))
    assert all(family.documentation and family.type == "gauge" for family in families)


@pytest.mark.parametrize("source", ["old.xml", "none.xml"])
def test_the_mappings_limits_are_shown_by_every_run(tmp_path, write, source):
    mapping = (EXAMPLES / "store.yml").read_text() + "max_age: 1h\nlimits: {series: 50}\n"
    path = write("old.xml", SOURCE.read_text())
    run("collect", write("store.yml", mapping), "--source", path.with_name(source), "--output-dir", tmp_path)
    found = samples((tmp_path / "store.status.prom").read_text())
    assert found['xmlprom_source_max_age_seconds{collector="store"}'] == 3600
    assert found['xmlprom_series_limit{collector="store"}'] == 50


def test_last_success_survives_failed_runs_and_garbage_in_the_status_file(tmp_path):
    def last_success():
        return samples((tmp_path / "store.status.prom").read_text()).get(
            'xmlprom_last_success_timestamp_seconds{collector="store"}'
        )

    collect(tmp_path)
    success = last_success()
    for _ in range(2):
        assert collect(tmp_path, source=tmp_path / "none.xml").status == 1
        assert last_success() == success
    (tmp_path / "store.status.prom").write_bytes(mark("store").encode() + b"\xff\0garbage")
    assert collect(tmp_path, source=tmp_path / "none.xml").status == 1
    assert last_success() == pytest.approx((tmp_path / "store.prom").stat().st_mtime)
    assert collect(tmp_path).status == 0
    assert last_success() > success


def test_folded_rows_are_counted(tmp_path, write):
    source = write("store.xml", '<store><orange operation="burn"/><orange/></store>')
    collect(tmp_path, source=source)
    assert 'xmlprom_folded_rows{collector="store"} 2\n' in (tmp_path / "store.status.prom").read_text()


def test_missing_output_directory(tmp_path):
    result = collect(tmp_path / "none")
    assert result.status == 1
    assert result.err == f"xmlprom: {tmp_path}/none: can't be read: No such file or directory\n"


def test_read_only_output_directory(open_directory):
    mapping = open_directory / "store.yml"
    mapping.write_bytes(MAPPING.read_bytes())
    source = open_directory / "store.xml"
    source.write_bytes(SOURCE.read_bytes())
    open_directory.chmod(0o555)
    result = run_as_nobody("collect", mapping, "--source", source, "--output-dir", open_directory)
    open_directory.chmod(0o755)
    assert result.status == 1
    assert result.err == f"xmlprom: {open_directory}/store.prom: can't be written: Permission denied\n"
    assert sorted(path.name for path in open_directory.iterdir()) == ["store.xml", "store.yml"]


def test_status_of_several_sources(tmp_path, write):
    """The oldest source's time: one that is no longer written must show, however fresh the others are."""
    sizes = 0
    for name, modified in (("a", 1_700_000_500), ("b", 1_700_000_000), ("c", 1_700_000_900)):
        source = write(f"{name}.xml", f"<store><{name * 9}/></store>")
        os.utime(source, (modified, modified))
        sizes += source.stat().st_size
    output = tmp_path / "textfile"
    output.mkdir()
    assert collect(output, source=tmp_path / "?.xml").status == 0
    found = samples((output / "store.status.prom").read_text())
    assert found['xmlprom_source_modified_timestamp_seconds{collector="store"}'] == 1_700_000_000
    assert found['xmlprom_source_size_bytes{collector="store"}'] == sizes
    assert found['xmlprom_rows{collector="store"}'] == 3


def test_a_reader_never_sees_part_of_a_file(tmp_path):
    """A reader looks before and after each call that the write makes."""
    file = tmp_path / "store.prom"
    old, new = b"old 1\n" * 10_000, b"new 1\n" * 20_000
    replace(str(file), old)
    seen = []

    def look(*_):
        seen.append(file.read_bytes())

    sys.setprofile(look)
    try:
        replace(str(file), new)
    finally:
        sys.setprofile(None)
    first_new = seen.index(new)
    assert first_new > 10  # the calls up to the rename
    assert set(seen[:first_new]) == {old}
    assert set(seen[first_new:]) == {new}


def test_a_reader_beside_real_runs_never_sees_part_of_a_file(tmp_path):
    output = tmp_path / "textfile"
    output.mkdir()
    whole = {}
    for rows in (1000, 2000):
        source = tmp_path / f"{rows}.xml"
        source.write_text("<store>" + "".join(f'<i{row} operation="create"/>' for row in range(rows)) + "</store>")
        whole[source] = collect(output, "--dry-run", source=source).out.replace(str(source), "").encode()
    contents = set()
    for source in [*whole, *whole]:
        process = subprocess.Popen(
            [sys.executable, SCRIPT, "collect", MAPPING, "--source", source, "--output-dir", output]
        )
        while process.poll() is None:
            if (output / "store.prom").exists():
                contents.add((output / "store.prom").read_bytes())
        assert process.returncode == 0
    for source in whole:
        contents = {content.replace(str(source).encode(), b"") for content in contents}
    assert contents == set(whole.values())


@pytest.mark.parametrize(("source", "status"), [(SOURCE, 0), ("/none.xml", 1)], ids=["success", "failure"])
def test_what_a_killed_run_left_is_removed_and_nothing_else(source, status, tmp_path):
    ages = {
        f".store.prom.{'a' * 16}.tmp": 7200,
        f".store.status.prom.{'b' * 16}.tmp": 7200,
        f".store.prom.{'c' * 16}.tmp": 60,
        f".other.prom.{'d' * 16}.tmp": 7200,
        ".store.prom.theirs.tmp": 7200,
    }
    for name, age in ages.items():
        (tmp_path / name).write_text("half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    assert collect(tmp_path, source=source).status == status
    assert {path.name for path in tmp_path.glob(".*")} == {
        f".store.prom.{'c' * 16}.tmp", f".other.prom.{'d' * 16}.tmp", ".store.prom.theirs.tmp"
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_leaves_the_files_to_their_owner(tmp_path):
    collect(tmp_path)
    for path in tmp_path.iterdir():
        os.chown(path, 65534, 65534)
    collect(tmp_path)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()} == {(65534, 65534)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("before", [None, 0], ids=["new", "left to root"])
def test_root_leaves_the_files_to_the_user_of_a_sticky_directory(before, tmp_path):
    """As the role makes it, root:xmlprom 1775; here the user and the group are one that every Debian has."""
    daemon = pwd.getpwnam("daemon")
    os.chown(tmp_path, 0, daemon.pw_gid)
    if before is not None:
        collect(tmp_path)
    tmp_path.chmod(0o1775)
    collect(tmp_path)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert owners == {(daemon.pw_uid, daemon.pw_gid)}
