"""The rules: promtool's own cases on the project's files, and what the inventory makes of targets and jobs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from programs import HERE, ROOT, RULES, Render, run, tool


def alerts() -> list[dict]:
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_cases(tmp_path: Path, promtool: str) -> None:
    for file in RULES:
        shutil.copy(file, tmp_path)
    shutil.copy(HERE / "alerts.yml", tmp_path / "cases.yml")
    done = run(promtool, "test", "rules", tmp_path / "cases.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_finds_nothing_to_say(promtool: str) -> None:
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("suite", ["trixie", "forky"])  # bookworm's knows no keep_firing_for
def test_vmalert_takes_them(suite: str) -> None:
    done = run(tool("vmalert", suite), "-dryRun", *(f"-rule={file}" for file in RULES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_sums(rendered: Path, promtool: str) -> None:
    [rule] = yaml.safe_load((rendered / "sums.yml").read_text())["groups"][0]["rules"]
    assert rule == {"record": "site:store_rows:sum", "expr": "sum without (instance, path) (store_rows)"}
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", rendered / "sums.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_targets(rendered: Path) -> None:
    targets = yaml.safe_load((rendered / "targets.yml").read_text())
    demo = {"environment": "demo", "project": "demo-textfile-collector"}
    node = {"job": "node"}
    own = {target["labels"]["instance"]: target["labels"].pop("__tmp_job") for target in targets}
    assert targets == [
        {"targets": ["192.0.2.1:9100"], "labels": {"group": "shop", "instance": "app1.example.com", **node, **demo}},
        {
            "targets": ["app2.example.com:9101"],
            "labels": {"group": "shop", "instance": "app2.example.com", **node, **demo},
        },
        {
            "targets": ["other.example.com:9443"],
            "labels": {
                "group": "xmlprom",
                "instance": "other.example.com",
                "rack": "7",
                "__scheme__": "https",
                **node,
            },
        },
    ]
    assert own["app1.example.com"] == own["other.example.com"] == "node"
    assert own["app2.example.com"] not in ("", "node")


def test_who_has_options_of_its_own_has_a_job_of_its_own(rendered: Path) -> None:
    jobs = yaml.safe_load((rendered / "prometheus.yml").read_text())["scrape_configs"][2:]
    targets = yaml.safe_load((rendered / "targets.yml").read_text())
    kept = []
    for job in jobs:
        keep = job["relabel_configs"][0]
        assert (keep["source_labels"], keep["action"]) == (["__tmp_job"], "keep")
        labels = [target["labels"] for target in targets]
        kept.append([own["instance"] for own in labels if re.fullmatch(keep["regex"], own["__tmp_job"])])
    assert kept == [["app1.example.com", "other.example.com"], ["app2.example.com"]]
    node, secured = jobs
    assert "basic_auth" not in node
    assert secured["basic_auth"]["password_file"] == "/etc/prometheus/secrets/exporters"
    assert secured["relabel_configs"][1:] == [{"action": "labeldrop", "regex": "rack"}]


def test_every_alert_has_its_section_in_the_runbook() -> None:
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs/runbook.md").read_text(), re.M)
    assert sorted(sections) == sorted({rule["alert"] for rule in alerts()})
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert "$labels.instance" in rule["annotations"]["summary"]


def test_every_alert_has_a_case() -> None:
    cases = (HERE / "alerts.yml").read_text()
    fired = set(re.findall(r"alertname: (\w+)\n +eval_time: .*\n +exp_alerts:\n", cases))
    assert fired == {rule["alert"] for rule in alerts()}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"monitoring_targets": []},
        {
            "monitoring_external_labels": {"site": "north"},
            "monitoring_federate_from": ["south:9090"],
            "monitoring_scrape_options": {"scheme": "https", "tls_config": {"ca_file": "/etc/ssl/ca.pem"}},
            "monitoring_scrape_configs": [{"job_name": "x", "static_configs": [{"targets": ["y:1"]}]}],
            "monitoring_remote_write": [{"url": "https://mimir.example.com/api/v1/push"}],
        },
    ],
)
def test_prometheus_takes_it(variables: dict[str, object], render: Render, promtool: str) -> None:
    out = render(**variables)
    config = yaml.safe_load((out / "prometheus.yml").read_text())
    assert [job["job_name"] for job in config["scrape_configs"][:3]] == ["prometheus", "alertmanager", "node"]
    # Its own paths hold only on a monitoring host.
    done = run(promtool, "check", "config", "--syntax-only", out / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_specification_is_of_the_defaults() -> None:
    role = ROOT / "roles/monitoring"
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    options = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert list(options) == list(defaults)
    for name, option in options.items():
        if "default" in option:
            assert option["default"] == defaults[name], name
