"""Print as JSON which directories the running node_exporters read, one object per process.

Of a process in a container those count that are the same directory on the host.
"""

from __future__ import annotations

import glob
import json
import os
from pathlib import Path

FLAG = "--collector.textfile.directory"
NAMES = ("node_exporter", "prometheus-node-exporter")


def patterns(arguments: list[str]) -> list[str]:
    """Values of the flag, which kingpin takes with one dash or two, and with '=' or as the next argument."""
    found = []
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        flag, equals, value = argument.partition("=")
        if "-" + flag.lstrip("-") == FLAG[1:]:
            found.append(value if equals else following)
    return found


def is_on_host(pid: str, directory: str) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/root{directory}", directory)
    except PermissionError:  # even root may not look, when it is a container's
        return os.path.isdir(directory)
    except OSError:
        return False


def exporters() -> list[dict[str, object]]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:  # it has ended
            continue
        if os.path.basename(arguments[0]) in NAMES:
            directories = {
                os.path.normpath(directory)
                for pattern in patterns(arguments)
                for directory in glob.glob(pattern)
                if is_on_host(process.name, directory)
            }
            found.append({"command": arguments[0], "directories": sorted(directories)})
    return found


if __name__ == "__main__":
    print(json.dumps(exporters()))
