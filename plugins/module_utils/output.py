"""The record of where a rollout had the collectors write, which the next one and a verification read."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.xmlprom.fleet.plugins.module_utils import before

RECORD = "/var/lib/xmlprom/output.json"


def text(directory: str) -> str:
    """The record's content."""
    return json.dumps({"directory": directory}) + "\n"


def directories() -> list[str]:
    """The directory of the last rollout; of a release that recorded none, all that a rollout ever took."""
    try:
        return [str(json.loads(Path(RECORD).read_text(encoding="utf-8"))["directory"])]
    except FileNotFoundError:
        return [*before.load().get("directories", {})]


def file_of(name: str) -> Path:
    """The data file of a collector; where there is none, where it would be."""
    files = [Path(directory, f"{name}.prom") for directory in directories() or ["/var/lib/prometheus/node-exporter"]]
    return next((file for file in files if file.exists()), files[-1])
