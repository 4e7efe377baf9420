"""Action plugin: check a host, its variables and its collectors, before anything changes on the host."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.filter.core import to_nice_yaml
from ansible_collections.xmlprom.fleet.plugins.action import preflight

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from ansible_collections.xmlprom.fleet.plugins.module_utils import fetching
from xmlprom.errors import MappingError
from xmlprom.mapping.loader import load

UNITS = {"ms": 0.001, "": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
TIME = re.compile(r"([0-9]+) ?(ms|sec|s|min|m|h|d|) ?")
KEYS = ("name", "mapping", "interval", "timeout", "memory_max", "read_groups", "state", *fetching.KEYS)
STATES = ("present", "paused", "absent")
Collector = dict[str, Any]


class CollectorError(Exception):
    """What is wrong with a variable and what to set it to."""


def seconds(text: Any) -> float | None:
    """A time such as `1h 30min` in seconds; None if it is none."""
    if not re.fullmatch(f"({TIME.pattern})+", str(text)):
        return None
    return sum(int(number) * UNITS[unit] for number, unit in TIME.findall(str(text)))


def bound_fault(key: str, value: Any) -> str:
    """What is wrong with a time or a size, nothing if it is fine."""
    if key == "memory_max":
        fine = re.fullmatch("0*[1-9][0-9]*[KMGT]?|infinity", str(value))
        return "" if fine else f"is {value!r}: set it to a size such as 128M"
    span = seconds(value)
    if span is None:
        return f"is {value!r}: set it to a time such as 30s, 1min or 1h 30min"
    if span < 1 and key != "randomized_delay":
        return f"is {value!r}: set it to 1s or more"
    return ""


def listed(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """All collectors of all variables, each with the variable's name."""
    found = []
    for variable, value in variables.items():
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, (list, tuple)):
            raise CollectorError(
                f"{variable} is no list: set it to one, such as [{{name: store, mapping: ...}}], or to []"
            )
        found += [(variable, item) for item in value]
    return found


def shape_faults(item: Any) -> list[str]:
    """What is wrong with an entry of the list, whatever its mapping is."""
    if not isinstance(item, Mapping) or not re.fullmatch("[A-Za-z0-9_-]+", str(item.get("name", ""))):
        return ["set name to letters, digits, '_' and '-' only"]
    faults = [f"has no key {key!r}: set one of {', '.join(KEYS)}" for key in item if key not in KEYS]
    if item.get("state", "present") not in STATES:
        faults.append(f"state is {item['state']!r}: set it to {', '.join(STATES[:-1])} or {STATES[-1]}")
    bounds = {key: bound_fault(key, item[key]) for key in ("interval", "timeout", "memory_max") if key in item}
    faults += [f"{key} {fault}" for key, fault in bounds.items() if fault]
    groups = item.get("read_groups", [])
    if isinstance(groups, str) or not all(re.fullmatch(r"[^\s:,%]+", str(group)) for group in groups):
        faults.append(f"read_groups is {groups!r}: set it to a list of the host's groups")
    return faults + fetching.faults(item)


def source_fault(source: str) -> str:
    if re.fullmatch(r'/[^"\\:\n]+', source) and readable(source):
        return ""
    return (
        f"`source` in the mapping is {source!r}: set it to the absolute path of a file or glob, with a directory "
        "above the first wildcard and no quotes, backslashes and colons"
    )


def readable(source: str) -> str:
    """What a unit gets to see: the file; of a glob, the deepest directory without a wildcard."""
    return re.sub(r"/[^/]*[*?\[].*$", "", source)


class ActionModule(ActionBase):  # type: ignore[misc, unused-ignore] # Ansible has no types
    """Returns the collectors, each with its mapping as text and what its unit needs to know of it."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = self._task.args
        result: dict[str, Any] = {"changed": False}
        faults, collectors = self.faults(arguments)
        faults += arguments.get("faults", [])
        if "families" in arguments:
            result, unfit = preflight.look(self, arguments, task_vars)
            faults += unfit
        if faults and not result.get("failed"):
            host = task_vars["inventory_hostname"]
            return {"failed": True, "msg": "\n".join(f"host {host}: {fault}" for fault in faults)}
        return {**result, "collectors": collectors}

    def faults(self, arguments: Mapping[str, Any]) -> tuple[list[str], list[Collector]]:
        faults = [
            f"{name} is no variable of xmlprom: rename it to xmlprom_collectors or xmlprom_collectors_ANYTHING"
            for name in arguments["unknown"]
        ]
        if not faults and not arguments["variables"]:
            faults.append("set xmlprom_collectors to the host's collectors, or to [] if it is to have none")
        for key, value in arguments["defaults"].items():
            if bound_fault(key, value):
                faults.append(f"xmlprom_{key} {bound_fault(key, value)}")
        collectors: list[Collector] = []
        variables_of: dict[str, str] = {}
        try:
            for variable, item in listed(arguments["variables"]):
                name = str(item.get("name", "")) if isinstance(item, Mapping) else str(item)
                if name in variables_of:
                    faults.append(f"{variable}: collector {name} is in {variables_of[name]} too: name it once")
                variables_of.setdefault(name, variable)
                found = shape_faults(item)
                if not found:
                    try:
                        collectors.append(self.collector(item, arguments["defaults"]))
                    except CollectorError as fault:
                        found = [str(fault)]
                faults += [f"{variable}, collector {name}: {fault}" for fault in found]
        except CollectorError as fault:
            faults.append(str(fault))
        return faults, collectors

    def collector(self, item: Mapping[str, Any], defaults: Mapping[str, Any]) -> Collector:
        """One collector with its mapping, which the program itself has checked.

        :raises CollectorError: if its mapping is wrong
        """
        state = item.get("state", "present")
        collector = {"read_groups": [], **item, "state": state}
        if state == "absent":
            return collector
        file, text = self.text(item.get("mapping"))
        name = str(item["name"])
        with tempfile.TemporaryDirectory() as directory:
            draft = os.path.join(directory, f"{name}.yml")
            Path(draft).write_text(text + "\n", encoding="utf-8")
            try:
                sources = load(draft).sources
            except MappingError as error:
                shown = str(error).replace(draft, file or f"/etc/xmlprom/{name}.yml")
                raise CollectorError(f"mapping: {shown}") from None
        fetch = fetching.fetch(item)
        if fetch:  # then a `source` is only what the label `path` says
            sources = ()
        elif not sources:
            sources = ("",)
        faults = [fault for source in sources if (fault := source_fault(source))]
        if faults:
            raise CollectorError("\n".join(faults))
        interval = (seconds(item.get("interval", defaults["interval"])) or 0) + (
            seconds(defaults["randomized_delay"]) or 0
        )
        return {
            **collector,
            "mapping": text,
            "fetch": fetch,
            "readable": [*dict.fromkeys(map(readable, sources))],
            "interval_seconds": interval,
        }

    def text(self, mapping: Any) -> tuple[str, str]:
        """The mapping's file, nothing if it is given itself, and its text.

        :raises CollectorError: if it is neither
        """
        if isinstance(mapping, Mapping):
            return "", str(to_nice_yaml(mapping, indent=2, sort_keys=False)).strip()
        if not mapping or not isinstance(mapping, str):
            raise CollectorError(
                f"mapping is {mapping!r}: set it to a mapping, or to the path of its file on the controller"
            )
        try:
            file = self._find_needle("files", mapping)
            text = self._loader._get_file_contents(file)[0].decode("utf-8-sig").rstrip()
        except (AnsibleError, OSError):
            raise CollectorError(
                f"mapping is {mapping!r}, and no such file is on the controller: set it to an absolute path such as "
                "'{{ inventory_dir }}/../mappings/store.yml'"
            ) from None
        except UnicodeDecodeError:
            raise CollectorError(f"mapping: {mapping} is not UTF-8") from None
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\{\{.*\}\}", line) and not line.lstrip().startswith("#"):
                raise CollectorError(
                    f"mapping: {file}:{number}: a mapping's file is no template, and has {{{{ }}}}: write the mapping "
                    "into the variable, or set it to \"{{ lookup('ansible.builtin.template', FILE) | from_yaml }}\""
                )
        return str(file), text
