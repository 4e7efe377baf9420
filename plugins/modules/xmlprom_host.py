#!/usr/bin/python
"""Ansible module: manage all xmlprom collectors of a host at once."""

from __future__ import annotations

import glob
import grp
import json
import os
import pwd
import struct
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils import output

DOCUMENTATION = r"""
module: xmlprom_host
short_description: Manage a host's xmlprom collectors
description:
  - Writes each collector's mapping, service and timer, the target that runs the timers, and lets the collectors'
    group write to the textfile directory; where others than root may write too, by an ACL. Stops collectors that are
    not listed and removes what they left.
  - One run of one module for all of this, because each costs a round trip to every host of a fleet.
  - The first run records in /var/lib/xmlprom/before.json how it found the textfile directory, for O(state=absent).
    Each run records in /var/lib/xmlprom/output.json where the collectors write.
  - A textfile directory in memory (tmpfs) that is not somebody else's is created again at boot, by tmpfiles.d.
author: The xmlprom authors
options:
  state:
    description: V(absent) removes them all, and gives the textfile directory and the noted files back.
    type: str
    choices: [present, absent]
    default: present
  collectors:
    description: >-
      Of each collector by name the contents of its C(mapping), C(service) and C(timer), and of the service that fetches
      its XML, C(fetch), which is empty for a file.
    type: dict
    default: {}
  absent:
    description: Names whose files are removed also when there is no service of that name.
    type: list
    elements: str
    default: []
  target:
    description: The content of xmlprom.target.
    type: str
    default: ''
  schedule:
    description: >-
      The content of xmlprom.schedule.prom in the textfile directory, which shows each collector's interval also
      when it never ran; no such file when empty.
    type: str
    default: ''
  check:
    description: The command that a mapping has to pass, without the mapping.
    type: list
    elements: str
    default: []
  directory:
    description: The textfile directory.
    type: path
    required: true
  group:
    description: The group that may write there.
    type: str
    default: root
"""

EXAMPLES = r"""
- name: Remove all collectors, and leave the textfile directory as it was
  xmlprom.fleet.xmlprom_host:
    state: absent
    directory: /var/lib/prometheus/node-exporter
"""

RETURN = r"""
removed:
  description: Collectors that were on the host and are no longer.
  type: list
  returned: always
before:
  description: How the first rollout found the host.
  type: dict
  returned: always
target:
  description: Whether the target is there, which it is not when check mode would create it.
  type: bool
  returned: always
running:
  description: Whether the target is enabled and active.
  type: bool
  returned: always
"""

MAPPINGS = "/etc/xmlprom"
UNITS = "/etc/systemd/system"
FETCH = "fetch.service"
TARGET = f"{UNITS}/xmlprom.target"
TMPFILES = "/etc/tmpfiles.d/xmlprom.conf"
SCHEDULE = "xmlprom.schedule.prom"
BEFORE = "/var/lib/xmlprom/before.json"
ACL = "system.posix_acl_access"
OWNER, USER, OWN_GROUP, GROUP, MASK, OTHERS, ANY = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0xFFFFFFFF
EMPTY: dict[str, Any] = {"packages": [], "users": [], "services": [], "files": {}, "directories": {}}


def read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


class Host:
    """The host's files as they are, and what is done about them; in check mode nothing is."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.diff: list[dict[str, str]] = []
        self.units_changed = False

    def run(self, *command: str) -> tuple[int, str]:
        status, out, err = self.module.run_command(list(command))
        return status, (out + err).strip()

    def note(self, path: str, before: str, after: str) -> None:
        self.diff.append({"before_header": path, "after_header": path, "before": before, "after": after})

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        before = read(path)
        if before != content:
            self.note(path, before or "", content)
            self.units_changed |= path.startswith(UNITS)
            if not self.module.check_mode:
                self._replace(path, content)
        if os.path.exists(path):
            self.permit(path, "root", "root", mode)

    def _replace(self, path: str, content: str) -> None:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)
        self.module.atomic_move(temporary, path)

    def permit(self, path: str, owner: str, group: str, mode: int) -> None:
        stat = os.stat(path)
        before = f"{owner_of(stat.st_uid)}:{group_of(stat.st_gid)} {stat.st_mode & 0o7777:04o}\n"
        after = f"{owner}:{group} {mode:04o}\n"
        if before != after:
            self.note(path, before, after)
            if not self.module.check_mode:
                os.chown(path, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
                os.chmod(path, mode)

    def remove(self, path: str) -> None:
        if os.path.lexists(path):
            self.note(path, read(path) or "", "")
            self.units_changed |= path.startswith(UNITS)
            if not self.module.check_mode:
                os.unlink(path)

    def remove_empty(self, path: str) -> None:
        if os.path.isdir(path) and not os.listdir(path):
            self.note(path, "directory\n", "")
            if not self.module.check_mode:
                os.rmdir(path)

    def reload(self) -> None:
        if self.units_changed and not self.module.check_mode:
            status, said = self.run("systemctl", "daemon-reload")
            if status != 0:
                self.module.fail_json(msg=f"systemctl daemon-reload: {said}")
        self.units_changed = False


def owner_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_of(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def unit(name: str, kind: str) -> str:
    return f"{UNITS}/xmlprom-{name}.{kind}"


def installed() -> list[str]:
    prefix = len(unit("", "service")) - len(".service")
    names = (path[prefix : -len(".service")] for path in glob.glob(unit("*", "service")))
    return sorted(name for name in names if "." not in name)  # xmlprom-NAME.fetch.service is a part of NAME


def check_mappings(host: Host, collectors: dict[str, dict[str, str]], command: list[str]) -> None:
    """Let no mapping land that xmlprom would refuse, and let none land if one is refused."""
    if host.module.check_mode and not os.access(command[0], os.X_OK):  # on a fresh host
        return
    for name, files in collectors.items():
        path = f"{MAPPINGS}/{name}.yml"
        if read(path) != files["mapping"]:
            draft = os.path.join(host.module.tmpdir, f"{name}.yml")
            with open(draft, "w", encoding="utf-8") as stream:
                stream.write(files["mapping"])
            status, said = host.run(*command, draft)
            if status != 0:
                host.module.fail_json(msg=f"collector {name}: " + said.replace(draft, path))


def write_collectors(host: Host, collectors: dict[str, dict[str, str]], target: str) -> None:
    for name, files in collectors.items():
        host.write(f"{MAPPINGS}/{name}.yml", files["mapping"])
        host.write(unit(name, "service"), files["service"])
        host.write(unit(name, "timer"), files["timer"])
        if files["fetch"]:
            host.write(unit(name, FETCH), files["fetch"])
        else:
            remove_fetch(host, name)
    host.write(TARGET, target)


def write_schedule(host: Host, content: str, directory: str) -> None:
    path = f"{directory}/{SCHEDULE}"
    if content:
        host.write(path, content)
    else:
        host.remove(path)


def write_tmpfiles(host: Host, schedule: str, before: dict[str, Any]) -> None:
    """Have systemd create a directory in memory again at boot, with the file that only a rollout writes."""
    directory, group = host.module.params["directory"], host.module.params["group"]
    there = directory
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    in_memory = host.run("stat", "-f", "-c", "%T", there)[1] == "tmpfs"
    if not in_memory or is_shared(before["directories"][directory]):
        host.remove(TMPFILES)
        return
    content = schedule.replace("\\", "\\\\").replace("\n", "\\n").replace("%", "%%")
    lines = [f"d {directory} 1775 root {group} -"]
    lines += [f"f+ {directory}/{SCHEDULE} 0644 root root - {content}"] if content else []
    host.write(TMPFILES, "\n".join(lines) + "\n")


def remove_data(host: Host, name: str, directory: str) -> None:
    for file in (f"{name}.prom", f"{name}.status.prom"):
        host.remove(f"{directory}/{file}")
        for temporary in glob.glob(f"{glob.escape(directory)}/.{file}.*.tmp"):
            host.remove(temporary)


def remove_fetch(host: Host, name: str) -> None:
    """Remove what fetches a collector's XML, and what it left."""
    if os.path.lexists(unit(name, FETCH)) and not host.module.check_mode:
        host.run("systemctl", "stop", f"xmlprom-{name}.{FETCH}")
        host.run("systemctl", "reset-failed", f"xmlprom-{name}.{FETCH}")
    host.remove(unit(name, FETCH))
    for path in glob.glob(f"/run/xmlprom-{name}.*"):  # not in the diff: it may be of any size, and secret
        if not host.module.check_mode:
            os.unlink(path)


def remove_collectors(host: Host, names: list[str], directories: list[str]) -> None:
    """Remove timers first, or Upholds= of the target restarts them.

    The service goes last: as long as it is there, the next run knows that there is something to remove.
    """
    for name in names:
        host.remove(unit(name, "timer"))
    host.reload()
    for name in names:
        if not host.module.check_mode:
            host.run("systemctl", "stop", f"xmlprom-{name}.timer", f"xmlprom-{name}.service")
            host.run("systemctl", "reset-failed", f"xmlprom-{name}.service")
        for directory in directories:
            remove_data(host, name, directory)
        remove_fetch(host, name)
        host.remove(f"{MAPPINGS}/{name}.yml")
        host.remove(unit(name, "service"))
    host.reload()


def is_running(host: Host) -> bool:
    target = os.path.basename(TARGET)
    return all(host.run("systemctl", "--quiet", asked, target)[0] == 0 for asked in ("is-enabled", "is-active"))


def is_shared(found: list[str] | None) -> bool:
    """Whether others than root may write there: `found` is owner, group, mode and perhaps an ACL."""
    return found is not None and (found[0] != "root" or int(found[2], 8) & 0o022 != 0 or len(found) > 3)


def acl_with(group: int, acl: bytes, mode: int) -> bytes:
    """An ACL that lets the group write too, and everybody else do what they could before."""
    entries = {(tag, who): permissions for tag, permissions, who in struct.iter_unpack("<HHI", acl[4:])}
    if not entries:
        entries = {(OWNER, ANY): mode >> 6 & 7, (OWN_GROUP, ANY): mode >> 3 & 7, (OTHERS, ANY): mode & 7}
    mask = entries.get((MASK, ANY), 7)
    for tag, who in entries:
        if tag in (USER, OWN_GROUP, GROUP):
            entries[tag, who] &= mask
    entries.update({(GROUP, group): 7, (MASK, ANY): 7})
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, permissions, who) for (tag, who), permissions in sorted(entries.items())
    )


def acl_of(path: str) -> bytes:
    try:
        return os.getxattr(path, ACL)
    except OSError:
        return b""


def set_acl(host: Host, path: str, acl: bytes) -> None:
    before = acl_of(path)
    if before == acl:
        return
    host.note(path, f"ACL {before.hex()}\n", f"ACL {acl.hex()}\n")
    if host.module.check_mode:
        return
    try:
        if acl:
            os.setxattr(path, ACL, acl)
        else:
            os.removexattr(path, ACL)
    except OSError as error:
        host.module.fail_json(
            msg=f"others may write to {path}, and it can't have an ACL that lets xmlprom write too ({error.strerror}): "
            "set xmlprom_textfile_directory to a directory that is root's, and let the exporter read it as well"
        )


def give_directory(host: Host, directory: str, group: str, before: dict[str, Any]) -> None:
    """Let the group write there, and whoever could before; record first how the directory was."""
    current = access(directory)
    # An earlier release took it without a record: then it was as Debian's package has it.
    first = ["root", "root", "0755"] if current == ["root", group, "1775"] else current
    found = before["directories"].setdefault(directory, first)
    host.write(BEFORE, json.dumps(before, indent=2, sort_keys=True) + "\n", 0o600)
    if current is None:
        host.note(directory, "", "directory\n")
        if not host.module.check_mode:
            os.makedirs(directory, mode=0o755)
    # A group that check mode did not create has no name yet.
    groups = {entry.gr_name: entry.gr_gid for entry in grp.getgrall()}
    if not os.path.isdir(directory) or group not in groups:
        return
    if is_shared(found):
        if current == ["root", group, "1775"]:  # by an earlier release
            host.permit(directory, found[0], found[1], int(found[2], 8))
        set_acl(host, directory, acl_with(groups[group], acl_of(directory), os.stat(directory).st_mode))
    else:
        # Sticky: collectors replace their own files and can't touch those of others, such as Debian's own.
        host.permit(directory, "root", group, 0o1775)


def access(directory: str) -> list[str] | None:
    try:
        stat = os.stat(directory)
    except FileNotFoundError:
        return None
    acl = [acl_of(directory).hex()] if acl_of(directory) else []
    return [owner_of(stat.st_uid), group_of(stat.st_gid), f"{stat.st_mode & 0o7777:04o}", *acl]


def is_packaged(host: Host, directory: str) -> bool:
    return os.path.exists("/usr/bin/dpkg-query") and host.run("dpkg-query", "-S", directory)[0] == 0


def restore(host: Host, before: dict[str, Any]) -> None:
    for directory, found in before["directories"].items():
        if not os.path.isdir(directory):
            continue
        owner, group, mode, *acl = found or ["root", "root", "0755"]
        set_acl(host, directory, bytes.fromhex(acl[0]) if acl else b"")
        host.permit(directory, owner, group, int(mode, 8))
        if found is None and not is_packaged(host, directory):
            host.remove_empty(directory)
    for path, content in before["files"].items():
        if os.path.exists(path) and read(path) != content:
            stat = os.stat(path)
            host.note(path, read(path) or "", content)
            if not host.module.check_mode:
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write(content)
                os.chmod(path, stat.st_mode & 0o7777)


def check_rollout(host: Host) -> None:
    """Let no collector land on a host that lacks what it runs by: the part of a rollout that --tags left out."""
    group, command = host.module.params["group"], host.module.params["check"]
    missing = [] if any(entry.gr_name == group for entry in grp.getgrall()) else [f"the group {group}"]
    missing += [path for path in command[:1] if not os.access(path, os.X_OK)]
    if missing and not host.module.check_mode:
        host.module.fail_json(msg=f"The host lacks {' and '.join(missing)}: roll out without --tags first.")


def present(host: Host, before: dict[str, Any]) -> list[str]:
    params = host.module.params
    check_rollout(host)
    check_mappings(host, params["collectors"], params["check"])
    give_directory(host, params["directory"], params["group"], before)
    found = {*installed(), *(name for name in params["absent"] if os.path.exists(f"{MAPPINGS}/{name}.yml"))}
    left = sorted(found - {*params["collectors"]})
    earlier = [used for used in output.directories() if used != params["directory"]]
    write_collectors(host, params["collectors"], params["target"])
    write_schedule(host, params["schedule"], params["directory"])
    write_tmpfiles(host, params["schedule"], before)
    host.reload()
    if earlier and params["collectors"] and not host.module.check_mode:
        # A run under way would write into the earlier directory once more, and nobody would renew that file.
        host.run("systemctl", "stop", *(f"xmlprom-{name}.service" for name in params["collectors"]))
    for used in earlier:
        write_schedule(host, "", used)
        for name in params["collectors"]:
            remove_data(host, name, used)
    remove_collectors(host, left, [params["directory"], *earlier])
    host.write(output.RECORD, output.text(params["directory"]))
    return left


def absent(host: Host, before: dict[str, Any]) -> list[str]:
    left = installed()
    if not host.module.check_mode:
        host.run("systemctl", "disable", "--now", "xmlprom.target")
    host.remove(TARGET)
    directories = [*dict.fromkeys([host.module.params["directory"], *output.directories(), *before["directories"]])]
    for used in directories:
        write_schedule(host, "", used)
    remove_collectors(host, left, directories)
    host.remove(TMPFILES)
    host.remove_empty(MAPPINGS)
    restore(host, before)
    return left


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"choices": ["present", "absent"], "default": "present"},
            "collectors": {"type": "dict", "default": {}},
            "absent": {"type": "list", "elements": "str", "default": []},
            "target": {"default": ""},
            "schedule": {"default": ""},
            "check": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "path", "required": True},
            "group": {"default": "root"},
        },
        supports_check_mode=True,
    )
    host = Host(module)
    before = {**EMPTY, **json.loads(read(BEFORE) or "{}")}
    before = json.loads(json.dumps(before))
    removed = (present if module.params["state"] == "present" else absent)(host, before)
    module.exit_json(
        changed=bool(host.diff),
        diff=host.diff,
        removed=removed,
        before=before,
        target=os.path.exists(TARGET),
        running=is_running(host),
    )


if __name__ == "__main__":
    main()
