"""Which packages an uninstallation purges; apt's programs are stand-ins, the real ones would purge this machine's."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.xmlprom.fleet.plugins.modules import xmlprom_purge

Run = Callable[..., dict[str, Any]]
STAND_IN = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >>{log}
{answer}
"""


class Apt:
    """A host's packages: what apt would remove, and what each needs."""

    def __init__(self, root: Path, run_module: Run) -> None:
        self.log, self.run_module = root / "log", run_module
        self.programs = root / "bin"
        self.programs.mkdir()
        for name in ("dpkg", "apt-mark", "deluser"):
            self.answer(name, "true")

    def answer(self, name: str, shell: str) -> None:
        path = self.programs / name
        path.write_text(STAND_IN.format(log=self.log, answer=shell))
        path.chmod(0o755)

    def has(self, installed: list[str], unneeded: list[str], needed: dict[str, list[str]]) -> None:
        states = "".join(f"{name} installed\\n" for name in installed)
        self.answer("dpkg-query", f"printf '{states}'")
        self.answer("apt-get", f"printf '{''.join(f'Purg {name} [1.0]{chr(92)}n' for name in unneeded)}'")
        lines = [line for name, others in needed.items() for line in (name, *(f"  Depends: {one}" for one in others))]
        self.answer("apt-cache", "printf '" + "".join(f"{line}\\n" for line in lines) + "'")

    def purge(self, check_mode: bool = False, **parameters: Any) -> list[str]:
        self.log.write_text("")
        report = self.run_module(xmlprom_purge, check_mode, **parameters)
        assert "failed" not in report, report
        assert report["changed"] == bool(report["purged"])
        return [*report["purged"]]

    def ran(self, program: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(program)]


@pytest.fixture
def apt(tmp_path: Path, run_module: Run, monkeypatch: pytest.MonkeyPatch) -> Apt:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    return Apt(tmp_path, run_module)


def test_what_something_else_needs_stays(apt: Apt) -> None:
    apt.has(["a", "b", "other"], unneeded=["a", "stranger"], needed={})
    assert apt.purge(packages=["a", "b", "lacking"]) == ["a"]
    assert apt.ran("apt-mark") == ["apt-mark auto a b"]
    assert apt.ran("apt-get")[-1] == "apt-get -qy purge a"


def test_what_a_package_needs_goes_with_it_unless_it_was_there_before(apt: Apt) -> None:
    apt.has(["a", "new", "old"], unneeded=["a", "new", "old"], needed={"a": ["new", "old"], "new": [], "old": []})
    assert apt.purge(packages=["a"], installed=["old"]) == ["a", "new"]
    assert apt.purge(packages=["a"]) == ["a"]


def test_check_mode_asks_what_is_installed_and_nothing_more(apt: Apt) -> None:
    apt.has(["a"], unneeded=["a"], needed={})
    assert apt.purge(check_mode=True, packages=["a", "b"]) == ["a"]
    assert [line.split()[0] for line in apt.log.read_text().splitlines() if line] == ["dpkg-query"]


@pytest.mark.parametrize(
    ("left", "shared", "goes"), [([], True, True), (["prometheus-alertmanager"], True, False), ([], False, False)]
)
def test_the_user_of_prometheus_packages_goes_with_the_last_one(
    apt: Apt, monkeypatch: pytest.MonkeyPatch, left: list[str], shared: bool, goes: bool
) -> None:
    user = pwd.struct_passwd(("prometheus", "x", 1, 1, "", "/", "/bin/false"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [user])
    apt.has(left, unneeded=[], needed={})
    apt.purge(packages=["prometheus-node-exporter"], shared_user=shared)
    assert apt.ran("deluser") == (["deluser --quiet --system prometheus"] if goes else [])
