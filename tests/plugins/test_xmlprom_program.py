"""The program's installation on a host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.lookup import program as lookup
from ansible_collections.xmlprom.fleet.plugins.module_utils import installed, program
from ansible_collections.xmlprom.fleet.plugins.modules import host_survey, xmlprom_program


class Host:
    """A directory that stands for a host; versions differ in a comment."""

    def __init__(self, root: Path, run_module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.run_module, self.monkeypatch = root, run_module, monkeypatch
        self.link = root / "bin" / "xmlprom"
        self.directory = root / "lib"
        self.files = dict(lookup.sources())

    def install(self, version: str = "", check_mode: bool = False) -> dict[str, Any]:
        files = {**self.files, "xmlprom/version.txt": version.encode()}
        self.monkeypatch.setattr(lookup, "sources", lambda: files)
        parameters = {"hash": program.hash_of(files), "archive": lookup.archive(), "link": str(self.link)}
        parameters |= {"directory": str(self.directory), "python": sys.executable}
        report: dict[str, Any] = self.run_module(xmlprom_program, check_mode, **parameters)
        assert "failed" not in report, report
        return report

    def look(self) -> str:
        for name, value in (("DIRECTORY", self.directory), ("LINK", self.link), ("PYTHON", sys.executable)):
            self.monkeypatch.setattr(host_survey, name, str(value))
        self.monkeypatch.setattr(os, "geteuid", lambda: 0)
        return str(self.run_module(host_survey, program=True)["program"])

    def versions(self) -> list[str]:
        return sorted((path / "xmlprom" / "version.txt").read_text() for path in self.directory.iterdir())


@pytest.fixture
def host(tmp_path: Path, run_module: Any, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, run_module, monkeypatch)


def run(host: Host) -> str:
    command = [sys.executable, "-I", str(host.link), "--version"]
    return str(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_installs_once(host: Host) -> None:
    old = os.umask(0o077)
    try:
        assert host.install()["changed"]
    finally:
        os.umask(old)
    assert run(host).startswith("xmlprom ")
    assert host.link.stat().st_mode & 0o777 == 0o755
    modes = {path.stat().st_mode & 0o055 for path in host.directory.rglob("*") if path.is_dir()}
    assert modes == {0o055}
    assert not host.install()["changed"]
    assert host.look() == program.hash_of({**host.files, "xmlprom/version.txt": b""})


def test_check_mode_changes_nothing(host: Host) -> None:
    report = host.install(check_mode=True)
    assert report["changed"]
    assert report["diff"]["before"] == ""
    assert list(host.root.iterdir()) == []


def test_bytecode_that_is_missing_costs_time_and_is_renewed(host: Host) -> None:
    host.install()
    assert len(list(host.directory.rglob("*.pyc"))) > 20
    for cache in list(host.directory.rglob("__pycache__")):
        shutil.rmtree(cache)
    assert run(host)
    assert host.look() == ""
    assert host.install()["changed"]
    assert host.look() != ""


def test_bytecode_that_is_stale_is_not_run(host: Host) -> None:
    host.install()
    [cli] = host.directory.glob("*/xmlprom/cli.py")
    cli.write_text("def main():\n    print('edited')\n")
    os.utime(cli, (1, 1))
    assert run(host) == "edited\n"


def test_an_edited_file_is_found_and_replaced(host: Host) -> None:
    host.install()
    [errors] = host.directory.glob("*/xmlprom/errors.py")
    errors.write_text(errors.read_text() + "\n")
    assert host.install(check_mode=True)["changed"]
    assert host.look() == program.hash_of({**lookup.sources(), "xmlprom/errors.py": errors.read_bytes()})
    assert host.install()["changed"]
    assert not host.install()["changed"]


def test_a_file_that_not_everybody_may_read_is_replaced(host: Host) -> None:
    host.install()
    next(host.directory.glob("*/xmlprom/errors.py")).chmod(0o600)
    assert host.install()["changed"]
    assert host.look() != ""


def test_the_version_that_was_replaced_stays_and_those_before_it_go(host: Host) -> None:
    for version in ("1", "2", "3"):
        host.install(version)
    assert host.versions() == ["2", "3"]
    assert (host.link.resolve().parents[1] / "xmlprom" / "version.txt").read_text() == "3"


def test_an_earlier_release_s_single_file_is_replaced(host: Host) -> None:
    host.link.parent.mkdir()
    host.link.write_text("#!/bin/sh\n")
    assert host.install()["changed"]
    assert host.link.is_symlink()


def test_a_run_that_starts_meanwhile_gets_a_whole_version(host: Host) -> None:
    """The link is there at any time, and the version that it led to still is after the next switch."""
    host.install("a")
    found: list[str] = []
    faults: list[OSError] = []
    ended = threading.Event()

    def start_over_and_over() -> None:
        while not ended.is_set():
            try:
                launcher = host.link.resolve(strict=True)
                found.append((launcher.parents[1] / "xmlprom" / "version.txt").read_text())
            except OSError as error:
                faults.append(error)

    runs = threading.Thread(target=start_over_and_over)
    switcher = installed.Installed(AnsibleModule.__new__(AnsibleModule), str(host.directory), str(host.link), "")
    host.install("b")
    one, two = sorted(str(path) for path in host.directory.iterdir())
    runs.start()
    for _ in range(500):
        switcher.switch(one)
        switcher.switch(two)
    ended.set()
    runs.join()
    assert faults == []
    assert {*found} == {"a", "b"}
