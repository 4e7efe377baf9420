"""The roles' inputs are the same wherever they are written down."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if (path / "meta/argument_specs.yml").exists())


def load(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_the_argument_specs(role: str) -> None:
    options = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load(f"roles/{role}/defaults/main.yml")
    assert set(options) == set(defaults)
    for name, default in defaults.items():
        # A structure or an expression may be told in words rather than twice.
        structured = bool(default) and isinstance(default, (dict, list))
        in_words = "Default is" in str(options[name]["description"])
        if "default" not in options[name] and (structured or in_words):
            continue
        assert options[name].get("default") == default, name


@pytest.mark.parametrize("role", ROLES)
def test_variables_bear_the_role_s_name(role: str) -> None:
    assert [name for name in load(f"roles/{role}/defaults/main.yml") if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ["node_exporter", "xmlprom"])
def test_readme_tells_of_every_variable(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert [name for name in load(f"roles/{role}/defaults/main.yml") if f"`{name}`" not in text] == []


def test_inventory_example_has_the_example_s_mapping() -> None:
    [collector] = load("inventory.example/group_vars/xmlprom.yml")["xmlprom_collectors"]
    assert collector["mapping"] == load("examples/store.yml")


def test_checksums_are_whole() -> None:
    known = load("roles/node_exporter/vars/main.yml")["__node_exporter_known_checksums"]
    architectures = load("roles/node_exporter/vars/main.yml")["__node_exporter_architecture_names"].values()
    for version, sums in known.items():
        assert isinstance(version, str)
        assert set(sums) <= set(architectures)
        assert all(len(value) == 64 and int(value, 16) for value in sums.values())


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["node_exporter", "--collector.textfile.directory=/a", "--x"], ["/a"]),
        (["node_exporter", "--collector.textfile.directory", "/a"], ["/a"]),
        (["node_exporter", "-collector.textfile.directory=/a", "--collector.textfile.directory=/b"], ["/a", "/b"]),
        (["node_exporter", "--collector.textfile.directory.x=/a"], []),
    ],
)
def test_finds_the_directories_of_a_running_exporter(arguments: list[str], values: list[str]) -> None:
    path = ROOT / "roles/node_exporter/files/find_textfile_directories.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.patterns(arguments) == values
    assert json.loads(json.dumps(module.exporters())) == module.exporters()
