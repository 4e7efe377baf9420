"""Grafana's files: what Grafana's own SDK makes of them, and what the role renders of collectors' mappings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard
from programs import ROOT, Render, run

sys.path.insert(0, str(ROOT / "tools"))
import dashboards

FILES = ROOT / "monitoring/dashboards"


def test_the_file_is_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboards, "DIRECTORY", tmp_path)
    dashboards.main()
    assert (tmp_path / "fleet.json").read_text() == (FILES / "fleet.json").read_text()


def test_grafana_reads_it() -> None:
    found = json.loads((FILES / "fleet.json").read_text())
    board = Dashboard.from_json(found)
    assert board.uid == "xmlprom-fleet"
    assert board.templating is not None
    variables = [variable.name for variable in board.templating.list_val or []]
    assert variables == ["datasource", "collector", "group", "host"]
    assert all(panel.get("targets") for panel in found["panels"] if panel["type"] != "row")


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


def test_each_collector_of_the_inventory_has_a_dashboard(rendered: Path) -> None:
    """The one given as a file, and the one given in the variable; not the one that is to be absent."""
    boards = {file.stem: json.loads(file.read_text()) for file in (rendered / "dashboards").glob("*.json")}
    assert {name: board["uid"] for name, board in boards.items()} == {
        "store": "xmlprom-store",
        "batch": "xmlprom-batch",
    }
    done = run(sys.executable, ROOT / "scripts/xmlprom", "dashboard", ROOT / "examples/store.yml")
    assert (rendered / "dashboards/store.json").read_text() == done.stdout


def test_hosts_with_different_mappings_of_one_name_share_a_dashboard(rendered: Path) -> None:
    text = (rendered / "dashboards/batch.json").read_text()
    assert "batch_jobs{" in text
    assert "batch_of_app2{" in text
