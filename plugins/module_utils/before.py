"""The record of how a host was before the first rollout changes it, which is what an uninstallation restores."""

from __future__ import annotations

import grp
import json
import os
import pwd
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule

RECORD = "/var/lib/xmlprom/before.json"
EMPTY: dict[str, Any] = {"packages": [], "users": [], "services": [], "files": {}, "directories": {}}


def load() -> dict[str, Any]:
    try:
        with open(RECORD, encoding="utf-8") as stream:
            return {**EMPTY, **json.load(stream)}
    except FileNotFoundError:
        return {}


def installed(module: AnsibleModule) -> list[str]:
    if module.get_bin_path("dpkg-query"):
        command = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"]
    else:
        command = ["rpm", "-qa", "--queryformat", "%{NAME} installed\n"]
    _, out, _ = module.run_command(command, check_rc=True)
    return sorted({line.split()[0] for line in out.splitlines() if line.endswith(" installed")})


def is_enabled(module: AnsibleModule, service: str) -> bool:
    return bool(module.run_command(["systemctl", "--quiet", "is-enabled", service])[0] == 0)


def read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def name_of(table: Any, number: int) -> str:
    try:
        return str(table(number)[0])
    except KeyError:
        return str(number)


def access(directory: str) -> list[str] | None:
    """Owner, group, mode and, if it has one, the ACL; None if the directory is not there."""
    try:
        stat = os.stat(directory)
    except FileNotFoundError:
        return None
    owner, group = name_of(pwd.getpwuid, stat.st_uid), name_of(grp.getgrgid, stat.st_gid)
    try:
        acl = [os.getxattr(directory, "system.posix_acl_access").hex()]
    except OSError:
        acl = []
    return [owner, group, f"{stat.st_mode & 0o7777:04o}", *acl]


def record(module: AnsibleModule, params: dict[str, list[str]]) -> dict[str, Any]:
    """The record with what the parameters name and it lacks."""
    before = load()
    packages = installed(module)
    if not before:
        before = {
            "installed": packages,
            "services": [name for name in params["services"] if is_enabled(module, name)],
            "files": {path: read(path) for path in params["files"] if os.path.isfile(path)},
        }
    before = {**EMPTY, **before}
    present = {"packages": lambda name: name in packages, "users": has_user}
    for kind, is_present in present.items():
        new = [name for name in params[kind] if name not in before[kind] and not is_present(name)]
        before[kind] = [*before[kind], *new]
    directories = {path: access(path) for path in params["directories"] if path not in before["directories"]}
    return {**before, "directories": {**before["directories"], **directories}}


def save(module: AnsibleModule, before: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(RECORD), mode=0o755, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(before, indent=2, sort_keys=True) + "\n")
        os.fchmod(descriptor, 0o600)
    module.atomic_move(temporary, RECORD)
