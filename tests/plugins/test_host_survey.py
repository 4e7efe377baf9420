"""What keeps a rollout from a host, and what is recorded before its first change."""

from __future__ import annotations

import grp
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.xmlprom.fleet.plugins.module_utils import before, exporters
from ansible_collections.xmlprom.fleet.plugins.modules import host_survey

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def survey(run_module: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Look at this machine, with a record of the test's own."""
    monkeypatch.setattr(before, "RECORD", str(tmp_path / "record" / "before.json"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return lambda **parameters: run_module(host_survey, **parameters)


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start a process that looks like a node_exporter which reads the directories, by a name of this test's own."""
    processes: list[subprocess.Popen[bytes]] = []
    name = f"node_exporter-{os.getpid()}"
    monkeypatch.setattr(exporters, "NAMES", (name,))

    def start(*directories: Path) -> None:
        flags = [f"--collector.textfile.directory={directory}" for directory in directories]
        command = [f"/opt/{name}", "-c", "print(flush=True); input()", *flags]
        processes.append(
            subprocess.Popen(command, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        assert processes[-1].stdout is not None
        assert processes[-1].stdout.readline()

    yield start
    for process in processes:
        process.communicate()


def test_it_needs_root(run_module: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "set become to true" in run_module(host_survey)["msg"]


def test_a_group_that_the_host_lacks_is_named_with_its_collector(survey: Run) -> None:
    there = grp.getgrgid(os.getgid()).gr_name
    report = survey(groups={"store": [there, "nobodys"], "log": [there, "4711"]}, record={"users": ["new"]})
    assert report["msg"].startswith("collector store: the host has no group 'nobodys': create it")
    assert "log" not in report["msg"]
    assert not Path(before.RECORD).exists()


def test_a_port_that_somebody_else_uses_is_refused(survey: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        message = survey(addresses=[f":{port}"], own={"node_exporter.service": ""})["msg"]
    assert message.startswith(f"Port {port} is used by ")
    assert "set node_exporter_install to none" in message


def test_a_unit_is_the_role_s_own_by_a_text_of_its_file() -> None:
    assert exporters.is_own("lacking.service", {"lacking.service": ""})
    assert not exporters.is_own("lacking.service", {"lacking.service": "# of the role"})
    assert not exporters.is_own("lacking.service", {})


def test_the_directory_of_the_only_exporter_is_found(survey: Run, exporter: Any, tmp_path: Path) -> None:
    exporter(tmp_path)
    assert survey(directory="/nowhere")["directories"] == [str(tmp_path)]


def test_of_two_directories_the_wanted_one_is_first_and_without_it_both_are_named(
    survey: Run, exporter: Any, tmp_path: Path
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    exporter(first, second)
    assert survey(directory=str(second))["directories"] == [str(second), str(first)]
    message = survey(directory="/nowhere")["msg"]
    assert f"reads {first}, {second}: set xmlprom_textfile_directory to one of its directories" in message
    assert f"Running are /opt/node_exporter-{os.getpid()}." in message


def test_an_exporter_without_a_directory_is_refused(survey: Run, exporter: Any) -> None:
    exporter()
    assert "reads no textfile directory" in survey(directory="/nowhere")["msg"]


def test_the_record_is_written_before_the_first_change_and_keeps_what_it_has(survey: Run, tmp_path: Path) -> None:
    flags = tmp_path / "flags"
    flags.write_text("theirs")
    record = {"users": ["nobody-has-this"], "files": [str(flags)], "directories": [str(tmp_path / "new")]}
    survey(check_mode=True, record=record)
    assert not Path(before.RECORD).exists()
    assert survey(record=record)["changed"] is False
    flags.write_text("ours")
    survey(record=record)
    saved = json.loads(Path(before.RECORD).read_text())
    assert saved["users"] == ["nobody-has-this"]
    assert saved["files"] == {str(flags): "theirs"}
    assert saved["directories"] == {str(tmp_path / "new"): None}
