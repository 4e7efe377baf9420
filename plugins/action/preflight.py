"""Action plugin: check a host and the roles' variables before anything changes."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version

FACTS = ("os_family", "service_mgr", "architecture")
SUBSETS = ["!all", "!min", "distribution", "service_mgr"]
# The subset of systemd's version came with ansible-core 2.18; an older one would refuse its name.
KNOWS_SYSTEMD = tuple(int(part) for part in ansible_version.split(".")[:2]) >= (2, 18)


class ActionModule(ActionBase):
    """Runs on the controller; on the host only where a fact is missing."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        result, faults = look(self, self._task.args, task_vars)
        faults += self._task.args.get("faults", [])
        if faults and not result.get("failed"):
            return {"failed": True, "msg": "\n".join(faults)}
        return result


def look(action: ActionBase, arguments: dict[str, Any], task_vars: Any) -> tuple[dict[str, Any], list[str]]:
    """The facts that were missing, as a task's result, and what keeps the role from the host."""
    facts = dict(task_vars.get("ansible_facts", {}))
    result: dict[str, Any] = {"changed": False}
    needed = (*FACTS, "systemd") if KNOWS_SYSTEMD and "systemd_version" in arguments else FACTS
    if not set(needed) <= set(facts):
        subsets = SUBSETS + (["systemd"] if "systemd" in needed else [])
        gathered: dict[str, Any] = action._execute_module(
            module_name="ansible.legacy.setup", module_args={"gather_subset": subsets}, task_vars=task_vars
        )
        if "ansible_facts" not in gathered:
            return {"failed": True, **gathered}, []
        result["ansible_facts"] = gathered["ansible_facts"]
        facts.update({name.removeprefix("ansible_"): fact for name, fact in gathered["ansible_facts"].items()})
    return result, host_faults(facts, arguments)


def host_faults(facts: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    """What keeps the role from this host, whatever its variables."""
    family, manager = facts["os_family"], facts["service_mgr"]
    families = arguments["families"]
    if family not in families or manager != "systemd":
        known = f"This role knows {', '.join(families)} with systemd, not {family} with {manager}"
        return [f"{known}: take the host out of the play, or add the family to vars/main.yml of both roles."]
    version, wanted = facts.get("systemd", {}).get("version"), arguments.get("systemd_version", 0)
    if version is not None and int(version) < wanted:
        needs = f"The host has systemd {version}, and xmlprom.target needs {wanted} or newer to keep its timers running"
        return [f"{needs}: take the host out of the play, or upgrade it to Debian 12, Ubuntu 22.04 or Red Hat 9."]
    return []
