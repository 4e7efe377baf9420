"""The node_exporters that run on a host, and who listens at an address."""

from __future__ import annotations

import glob
import os
import re
import socket
from pathlib import Path

FLAG = "--collector.textfile.directory"
LISTEN = "0A"
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


def exporters() -> list[tuple[str, list[str]]]:
    """Of each exporter that runs its command and the textfile directories that it reads, as the host knows them."""
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
            found.append((arguments[0], sorted(directories)))
    return found


def inodes(address: str) -> dict[str, int]:
    """The sockets that listen where a new one could not, with their user's number."""
    host, _, port = address.rpartition(":")
    anywhere = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
    found = {}
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path("/proc/net", table)
        for line in path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []:
            local, state, user, inode = (line.split()[column] for column in (1, 3, 7, 9))
            words, its_port = local.split(":")
            packed = b"".join(bytes.fromhex(words[start : start + 8])[::-1] for start in range(0, len(words), 8))
            its_host = socket.inet_ntop(family, packed)
            clash = its_host in anywhere or host.strip("[]") in (*anywhere, its_host)
            if state == LISTEN and int(its_port, 16) == int(port) and clash:
                found[inode] = int(user)
    return found


def listeners(address: str) -> list[tuple[str, str]]:
    """Command and unit of each process that listens at the address."""
    sockets = {f"socket:[{inode}]": user for inode, user in inodes(address).items()}
    found = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            target = os.readlink(descriptor)
            if target in sockets:
                found.add(command_and_unit(descriptor.parents[1]))
                del sockets[target]
        except OSError:  # it has ended, or is another user's and root may not look, as in a container
            continue
    for user in set(sockets.values()):
        found.update(exporters_of(user) or [(f"a process of the user {user}", "")])
    return sorted(found)


def command_and_unit(process: Path) -> tuple[str, str]:
    units = re.findall(r"([^/\n]+\.service)", (process / "cgroup").read_text(encoding="utf-8"))
    command = (process / "cmdline").read_bytes().decode(errors="replace").partition("\0")[0]
    return command, units[-1] if units else ""


def exporters_of(user: int) -> list[tuple[str, str]]:
    """Command and unit of each node_exporter that the user runs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, unit = command_and_unit(process)
            if process.stat().st_uid == user and os.path.basename(command) in NAMES:
                found.append((command, unit))
        except OSError:  # it has ended
            continue
    return found


def is_own(unit: str, own: dict[str, str]) -> bool:
    """Whether the unit is one of `own`, and its file has the text that it has there; without a text any will do."""
    try:
        return unit in own and own[unit] in Path("/etc/systemd/system", unit).read_text(encoding="utf-8")
    except OSError:
        return not own[unit]
