"""Log every module that runs on a host, one line each, to the file that MODULE_LOG names; interrupt some.

MODULE_STOP_AFTER is JSON: of a host how many modules run, then the next one is not started and its task fails.

What a task costs is its modules, and only the task itself knows them: a `copy` of a file that is there already runs
two. So this looks where they are started, in the workers, which are forks of the process that loads this.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_log
type: aggregate
short_description: log of the modules that run on hosts
description: Appends a line of host, task and module, separated by tabs, for each one.
"""

execute_module = ActionBase._execute_module


def stop(host):
    """Raise an error when the host has run all its modules."""
    limit = json.loads(os.environ.get("MODULE_STOP_AFTER") or "{}").get(host)
    log = Path(os.environ["MODULE_LOG"])
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    if limit is not None and sum(line.startswith(f"{host}\t") for line in lines) >= limit:
        raise AnsibleError("interrupted by the test")


def logged(self, module_name=None, *args, **kwargs):
    host = (kwargs.get("task_vars") or {}).get("inventory_hostname") or self._connection.host
    remote = self._connection.transport != "local"
    if remote:
        stop(host)
    result = execute_module(self, module_name, *args, **kwargs)  # raises if the host can't be reached
    if remote:
        name = module_name or self._task.action
        with Path(os.environ["MODULE_LOG"]).open("a", encoding="utf-8") as log:
            log.write("\t".join((host, self._task.get_name(), name.rpartition(".")[2])) + "\n")
    return result


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_log"

    def __init__(self) -> None:
        super().__init__()
        if "MODULE_LOG" in os.environ:
            ActionBase._execute_module = logged
