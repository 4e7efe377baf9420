"""The images of test hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SHARED = Path(__file__).resolve().parents[1] / "molecule" / "shared"


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make_images(tmp_path: Path, status: int) -> tuple[int, str]:
    """Run images.sh beside programs that stand for mmdebstrap and podman; return its status and podman's calls."""
    shared, programs = tmp_path / "shared", tmp_path / "bin"
    shared.mkdir()
    programs.mkdir()
    for name in ("images.sh", "Containerfile"):
        shutil.copy(SHARED / name, shared / name)
    program(shared / "podman", f'echo "$@" >>{tmp_path}/calls\n[ "$1 $2" != "image exists" ]')
    program(programs / "mmdebstrap", f"echo part\nexit {status}")
    program(programs / "sudo", 'exec "$@"')
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [str(shared / "images.sh"), "host", "debian13"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode, (tmp_path / "calls").read_text()


def test_a_base_that_failed_leaves_no_image(tmp_path: Path) -> None:
    status, calls = make_images(tmp_path, status=1)
    assert status != 0
    assert "import" not in calls
    assert "build" not in calls


def test_a_whole_base_is_imported_and_built_on(tmp_path: Path) -> None:
    status, calls = make_images(tmp_path, status=0)
    assert status == 0
    assert "import" in calls
    assert "build" in calls
