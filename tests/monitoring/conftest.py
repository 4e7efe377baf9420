"""Renders the role's files as a rollout would, for the tools that check them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from programs import HERE, PATH, ROOT, SUITES, Render, run, tool


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """The directory of the rendered files, with the variables given."""

    def render_(**variables: object) -> Path:
        out = tmp_path_factory.mktemp("rendered")
        shutil.copytree(ROOT / "roles/monitoring/files", out, dirs_exist_ok=True)
        done = run(
            "ansible-playbook",
            f"--inventory={HERE / 'inventory.yml'}",
            "--extra-vars",
            json.dumps({"out": str(out), **variables}),
            HERE / "render.yml",
            env={**os.environ, "PATH": PATH, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return out

    return render_


@pytest.fixture(scope="session")
def rendered(render: Render) -> Path:
    return render(monitoring_groups=["shop"], monitoring_site_sums=["store_rows"])


@pytest.fixture(params=SUITES)
def promtool(request: pytest.FixtureRequest) -> str:
    return tool("promtool", request.param)


@pytest.fixture(params=SUITES)
def amtool(request: pytest.FixtureRequest) -> str:
    return tool("amtool", request.param)
