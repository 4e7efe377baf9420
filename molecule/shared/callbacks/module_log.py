"""Log every module that runs on a host, one line each, to the file that MODULE_LOG names.

What a task costs is its modules, and only the task itself knows them: a `copy` of a file that is there already runs
two. So this looks where they are started, in the workers, which are forks of the process that loads this.
"""

from __future__ import annotations

import os
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_log
type: aggregate
short_description: log of the modules that run on hosts
description: Appends a line of host, task and module, separated by tabs, for each one.
"""

execute_module = ActionBase._execute_module


def logged(self, module_name=None, *args, **kwargs):
    result = execute_module(self, module_name, *args, **kwargs)  # raises if the host can't be reached
    if self._connection.transport != "local":
        host = (kwargs.get("task_vars") or {}).get("inventory_hostname") or self._connection.host
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
