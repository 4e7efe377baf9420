"""Grafana's files: what Grafana's own SDK makes of them, and the panels of the original demo."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard
from programs import ROOT, Render

sys.path.insert(0, str(ROOT / "tools"))
import dashboards

FILES = ROOT / "monitoring/dashboards"


@pytest.mark.parametrize("name", ["fleet", "store"])
def test_the_files_are_what_the_script_writes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboards, "DIRECTORY", tmp_path)
    dashboards.main()
    assert (tmp_path / f"{name}.json").read_text() == (FILES / f"{name}.json").read_text()


@pytest.mark.parametrize("name", ["fleet", "store"])
def test_grafana_reads_them(name: str) -> None:
    found = json.loads((FILES / f"{name}.json").read_text())
    board = Dashboard.from_json(found)
    assert board.uid == f"xmlprom-{name}"
    assert board.templating is not None
    variables = [variable.name for variable in board.templating.list_val or []]
    assert variables == ["datasource", "collector", "group", "host"]
    assert all(panel.get("targets") for panel in found["panels"] if panel["type"] != "row")


def test_the_original_demos_queries() -> None:
    panels = json.loads((FILES / "store.json").read_text())["panels"]
    queries = {target["expr"] for panel in panels for target in panel.get("targets", []) if panel["type"] == "piechart"}
    for item in ("orange", "strawberry", "apple"):
        for operation in ("create", "update", "delete"):
            label = 'environment="demo",project="demo-textfile-collector"'
            assert f"store_{item}_{operation}_rows{{{label}}}" in queries


def test_provisioning(render: Render) -> None:
    rendered = render(monitoring_grafana_contact_point="Alertmanager")
    sources = yaml.safe_load((rendered / "datasources.yml").read_text())["datasources"]
    assert [(source["type"], source["url"]) for source in sources] == [
        ("prometheus", "http://localhost:9090"),
        ("alertmanager", "http://localhost:9093"),
    ]
    alerting = yaml.safe_load((rendered / "alerting.yml").read_text())
    assert alerting["contactPoints"][0]["name"] == "Alertmanager"
    assert set(alerting) == {"apiVersion", "contactPoints"}  # a policy tree would replace the user's
