"""Where the collectors of a host write, by the records of its rollouts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.xmlprom.fleet.plugins.module_utils import before, output


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "RECORD", str(tmp_path / "output.json"))
    monkeypatch.setattr(before, "RECORD", str(tmp_path / "before.json"))


def test_the_last_rollout_has_recorded_the_directory(tmp_path: Path) -> None:
    Path(before.RECORD).write_text(json.dumps({"directories": {"/srv/old": None}}))
    Path(output.RECORD).write_text(output.text(str(tmp_path)))
    assert output.directories() == [str(tmp_path)]
    assert output.file_of("store") == tmp_path / "store.prom"


def test_of_an_earlier_release_the_directory_that_has_the_file_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    Path(before.RECORD).write_text(json.dumps({"directories": {str(first): None, str(second): None}}))
    first.mkdir()
    (first / "store.prom").touch()
    assert output.directories() == [str(first), str(second)]
    assert output.file_of("store") == first / "store.prom"


def test_without_a_record_it_is_the_package_s() -> None:
    assert output.directories() == []
    assert output.file_of("store") == Path("/var/lib/prometheus/node-exporter/store.prom")
