"""The program as hosts get it: its sources and a launcher, by the hash of their contents.

The same sources give the same archive on every controller, so that a second rollout changes nothing: the members are
sorted, carry no times of the checkout, and are stored, since zlib's output differs between its versions.

usage: program.py DIRECTORY   writes xmlprom-VERSION-program.zip there
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
import zipfile

LAUNCHER = "bin/xmlprom"
# -I: neither the environment nor the user's site-packages decide what runs. The real path: a run that has started
# keeps to its version when another one is installed.
LAUNCHER_TEXT = b"""#!/usr/bin/python3 -I
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from xmlprom.__main__ import main

sys.exit(main())
"""
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can hold


def read_tree(directory: str) -> dict[str, bytes]:
    """Return the contents of all files below `directory` by their relative path, without bytecode."""
    files = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith(".pyc"):
                with open(path, "rb") as stream:
                    files[os.path.relpath(path, directory)] = stream.read()
    return files


def hash_of(files: dict[str, bytes]) -> str:
    """Return what is equal only for the same paths with the same contents."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def sources(collection: str) -> dict[str, bytes]:
    """Return the files that a host gets, from the collection or checkout in the directory `collection`."""
    package = read_tree(os.path.join(collection, "scripts", "xmlprom"))
    files = {f"xmlprom/{name}": content for name, content in package.items() if name.endswith(".py")}
    return {LAUNCHER: LAUNCHER_TEXT, **files}


def version_of(files: dict[str, bytes]) -> str:
    """Return the version that the sources say they are."""
    found = re.search(rb'^__version__ = "(.+)"$', files["xmlprom/__init__.py"], re.MULTILINE)
    return found[1].decode() if found else "unknown"


def archive(files: dict[str, bytes]) -> bytes:
    """Return a zip file of the files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as members:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = 3  # Unix, whatever the controller is
            member.external_attr = (0o755 if name == LAUNCHER else 0o644) << 16
            members.writestr(member, content)
    return stream.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files of a zip file."""
    with zipfile.ZipFile(io.BytesIO(content)) as members:
        return {name: members.read(name) for name in members.namelist()}


def write_tree(files: dict[str, bytes], directory: str) -> None:
    """Write the files below `directory`, which is made."""
    for name, content in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content)
        os.chmod(path, 0o755 if name == LAUNCHER else 0o644)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    files = sources(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
    os.makedirs(sys.argv[1], exist_ok=True)
    with open(os.path.join(sys.argv[1], f"xmlprom-{version_of(files)}-program.zip"), "wb") as stream:
        stream.write(archive(files))


if __name__ == "__main__":
    main()
