"""Purge those of a list of packages that nothing else on the host needs; print them.

apt itself tells which: marked as installed automatically, they are what its autoremove would remove.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys


def apt(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout  # noqa: S603


def main(candidates: list[str]) -> None:
    if sys.argv[1:] == ["show"]:
        print("\n".join(candidates))
        return
    installed = apt("dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\n")
    names = {line.split()[0].partition(":")[0] for line in installed.splitlines() if line.endswith(" installed")}
    mine = {*candidates} & names
    if mine:
        apt("apt-mark", "auto", *mine)
        simulated = apt("apt-get", "-s", "-o", "APT::AutoRemove::SuggestsImportant=false", "--purge", "autoremove")
        unneeded = mine & set(re.findall(r"^(?:Purg|Remv) (\S+)", simulated, re.MULTILINE))
        if unneeded:
            apt("apt-get", "-qy", "purge", *sorted(unneeded))
            print("\n".join(sorted(unneeded)))
    # Debian's packages leave the user that all of Prometheus' packages share.
    left = apt("dpkg-query", "-W", "-f", "${binary:Package}\n").split()
    users = {user.pw_name for user in pwd.getpwall()}
    shared = any(name.startswith("prometheus") for name in left)
    if "prometheus-node-exporter" in candidates and "prometheus" in users and not shared:
        apt("deluser", "--quiet", "--system", "prometheus")
        if os.path.isdir("/var/lib/prometheus") and not os.listdir("/var/lib/prometheus"):
            os.rmdir("/var/lib/prometheus")
