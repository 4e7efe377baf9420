"""Runs modules as Ansible does, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils import basic

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a module's main(); return what it reports."""

    def run(module: ModuleType, check_mode: bool = False, **parameters: Any) -> dict[str, Any]:
        arguments = {"ANSIBLE_MODULE_ARGS": {**parameters, "_ansible_check_mode": check_mode}}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            module.main()
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        return report

    return run
