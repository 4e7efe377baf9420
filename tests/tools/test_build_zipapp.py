"""The executable that hosts get."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from command import EXAMPLES, ROOT

BUILD = ROOT / "tools" / "build_zipapp.py"


def build(checkout, output, **environment):
    command = [sys.executable, checkout / "tools" / BUILD.name, output]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    return output


@pytest.fixture
def other_checkout(tmp_path):
    """Another clone: other times, other order in the directory, other modes."""
    checkout = tmp_path / "clone"
    package = checkout / "scripts" / "xmlprom"
    package.mkdir(parents=True)
    for source in sorted((ROOT / "scripts" / "xmlprom").rglob("*.py"), reverse=True):
        copy = package / source.relative_to(ROOT / "scripts" / "xmlprom")
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, copy)
        os.utime(copy, (1, 1))
        copy.chmod(0o600)
    (checkout / "tools").mkdir()
    shutil.copyfile(BUILD, checkout / "tools" / BUILD.name)
    return checkout


def test_two_builds_from_two_clones_are_byte_identical(tmp_path, other_checkout):
    one = build(ROOT, tmp_path / "one", TZ="Asia/Tokyo")
    two = build(other_checkout, tmp_path / "two", TZ="America/Lima")
    assert one.read_bytes() == two.read_bytes()


def test_a_change_of_the_sources_changes_the_executable(tmp_path, other_checkout):
    one = build(other_checkout, tmp_path / "one").read_bytes()
    with (other_checkout / "scripts" / "xmlprom" / "cli.py").open("a") as stream:
        stream.write("\n")
    assert build(other_checkout, tmp_path / "two").read_bytes() != one


def test_the_executable_does_what_the_checkout_does(tmp_path):
    executable = build(ROOT, tmp_path / "xmlprom")
    assert os.access(executable, os.X_OK)
    arguments = ["collect", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--dry-run"]
    # By this interpreter rather than by the shebang's, which need not have the packages here.
    from_executable = subprocess.run([sys.executable, executable, *arguments], capture_output=True, check=True)
    from_checkout = subprocess.run(
        [sys.executable, ROOT / "scripts" / "xmlprom", *arguments], capture_output=True, check=True
    )
    assert from_executable.stdout == from_checkout.stdout
    assert from_executable.stdout
