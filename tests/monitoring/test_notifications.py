"""Alertmanager's configuration: who gets which notification, and how they are grouped."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from programs import Render, run

RECEIVERS = [
    {"name": "ops", "email_configs": [{"to": "ops@example.com"}]},
    {"name": "page", "webhook_configs": [{"url": "http://pager.example.com/"}]},
    {"name": "chat", "slack_configs": [{"api_url": "http://chat.example.com/hook", "channel": "#ops"}]},
]
ROUTES = [
    {"receiver": "page", "matchers": ["severity = critical"], "continue": True},
    {"receiver": "chat", "matchers": ["group = shop"]},
]


@pytest.fixture(scope="session")
def configuration(render: Render) -> Path:
    out = render(monitoring_receivers=RECEIVERS, monitoring_routes=ROUTES)
    file = out / "alertmanager.yml"
    text = file.read_text()
    assert "/etc/prometheus/alertmanager_templates/*.tmpl" in text
    file.write_text(text.replace("/etc/prometheus/alertmanager_templates", str(out)))
    return file


@pytest.mark.parametrize("name", ["configuration", "rendered"])
def test_alertmanager_takes_it(name: str, request: pytest.FixtureRequest, amtool: str) -> None:
    path: Path = request.getfixturevalue(name)
    strict = [] if "bookworm" in amtool else ["--enable-feature=utf8-strict-mode"]
    done = run(amtool, *strict, "check-config", path if path.is_file() else path / "alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=XmlpromRunFailed", "severity=warning", "group=xmlprom"], "ops"),
        (["alertname=XmlpromRunFailed", "severity=warning", "group=shop"], "chat"),
        (["alertname=XmlpromNoSuccess", "severity=critical", "group=xmlprom"], "page"),
        (["alertname=XmlpromNoSuccess", "severity=critical", "group=shop"], "page,chat"),
    ],
)
def test_routes(labels: list[str], receivers: str, configuration: Path, amtool: str) -> None:
    command = [amtool, "config", "routes", "test", f"--config.file={configuration}"]
    done = run(*command, f"--verify.receivers={receivers}", *labels)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_message_per_collector_and_group(configuration: Path) -> None:
    assert yaml.safe_load(configuration.read_text())["route"]["group_by"] == ["alertname", "collector", "group"]


def test_the_role_words_messages_unless_the_receiver_does(render: Render) -> None:
    mail = {"to": "ops@example.com", "headers": {"Subject": "mine"}}
    out = render(monitoring_receivers=[{"name": "ops", "email_configs": [mail]}])
    found = yaml.safe_load((out / "alertmanager.yml").read_text())["receivers"][0]["email_configs"][0]
    assert found["headers"] == {"Subject": "mine"}
    assert found["text"] == '{{ template "xmlprom.text" . }}'
    assert found["send_resolved"] is True
