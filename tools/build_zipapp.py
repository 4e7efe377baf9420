#!/usr/bin/env python3
"""Build the executable that hosts run: all of xmlprom in one file, for the distribution's own Python.

The same sources give the same bytes on every controller, so that a second rollout changes nothing: the members
are sorted, carry no times of the checkout, and are stored, since zlib's output differs between its versions.

usage: build_zipapp.py OUTPUT
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "scripts" / "xmlprom"
# -I: neither the environment nor the user's site-packages decide what runs.
SHEBANG = b"#!/usr/bin/python3 -I\n"
# Looking for garbage while modules are compiled is a thirtieth of a short run, and there is none to find.
MAIN = b"import gc, sys\ngc.set_threshold(100_000)\nfrom xmlprom.cli import main\nsys.exit(main())\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can tell


def build(output: Path) -> None:
    """Write the executable to `output`, mode 0755."""
    members = {"__main__.py": MAIN}
    for source in sorted(PACKAGE.rglob("*.py")):
        if source.name != "__main__.py":
            members[f"xmlprom/{source.relative_to(PACKAGE).as_posix()}"] = source.read_bytes()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=output.parent, delete=False) as stream:
        stream.write(SHEBANG)
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, content in members.items():
                member = zipfile.ZipInfo(name, EPOCH)
                member.create_system = 3  # Unix, whatever the controller is
                member.external_attr = 0o644 << 16
                archive.writestr(member, content)
    os.chmod(stream.name, 0o755)  # noqa: S103 - everybody may run it
    os.replace(stream.name, output)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(Path(sys.argv[1]))
