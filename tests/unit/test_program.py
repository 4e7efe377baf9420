"""The program as hosts get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import EXAMPLES, ROOT

BUILD = Path("plugins") / "module_utils" / "program.py"


def build(checkout: Path, output: Path, **environment: str) -> Path:
    command = [sys.executable, checkout / BUILD, output]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    [archive] = output.iterdir()
    return archive


@pytest.fixture
def other_checkout(tmp_path: Path) -> Path:
    """Another clone: other times, other order in the directory, other modes, bytecode beside the sources."""
    checkout = tmp_path / "clone"
    package = checkout / "scripts" / "xmlprom"
    package.mkdir(parents=True)
    for source in sorted((ROOT / "scripts" / "xmlprom").rglob("*.py"), reverse=True):
        copy = package / source.relative_to(ROOT / "scripts" / "xmlprom")
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, copy)
        os.utime(copy, (1, 1))
        copy.chmod(0o600)
    (package / "cli.pyc").write_bytes(b"old")
    (checkout / BUILD).parent.mkdir(parents=True)
    shutil.copyfile(ROOT / BUILD, checkout / BUILD)
    return checkout


def test_two_builds_from_two_clones_are_byte_identical(tmp_path, other_checkout):
    one = build(ROOT, tmp_path / "one", TZ="Asia/Tokyo")
    two = build(other_checkout, tmp_path / "two", TZ="America/Lima")
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


def test_a_change_of_the_sources_changes_the_archive(tmp_path, other_checkout):
    one = build(other_checkout, tmp_path / "one").read_bytes()
    with (other_checkout / "scripts" / "xmlprom" / "cli.py").open("a") as stream:
        stream.write("\n")
    assert build(other_checkout, tmp_path / "two").read_bytes() != one


def test_the_program_does_what_the_checkout_does(tmp_path):
    shutil.unpack_archive(build(ROOT, tmp_path / "built"), tmp_path / "host", "zip")
    arguments = ["collect", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--dry-run"]
    ways = {
        # By this interpreter rather than by the launcher's, which need not have the packages here.
        "launcher": [sys.executable, "-I", tmp_path / "host" / "bin" / "xmlprom"],
        "checkout": [sys.executable, ROOT / "scripts" / "xmlprom"],
    }
    printed = {
        way: subprocess.run([*command, *arguments], capture_output=True, check=True).stdout
        for way, command in ways.items()
    }
    assert printed["launcher"] == printed["checkout"] != b""
