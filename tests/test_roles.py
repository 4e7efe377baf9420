"""The roles' inputs are the same wherever they are written down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if (path / "meta/argument_specs.yml").exists())

HAVE_TO_BE_SET = {"xmlprom": ["xmlprom_collectors"]}


def load(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_the_argument_specs(role: str) -> None:
    options = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load(f"roles/{role}/defaults/main.yml")
    assert set(options) == {*defaults, *HAVE_TO_BE_SET.get(role, ())}
    for name, default in defaults.items():
        # The default of a structure or an expression may be described in words.
        structured = bool(default) and isinstance(default, (dict, list))
        in_words = "Default is" in str(options[name]["description"])
        if "default" not in options[name] and (structured or in_words):
            continue
        assert options[name].get("default") == default, name


@pytest.mark.parametrize("role", ROLES)
def test_variables_bear_the_role_s_name(role: str) -> None:
    assert [name for name in load(f"roles/{role}/defaults/main.yml") if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ["node_exporter", "xmlprom"])
def test_readme_lists_every_variable(role: str) -> None:
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


def test_the_collection_has_the_program_s_version() -> None:
    program = (ROOT / "scripts/xmlprom/__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{load("galaxy.yml")["version"]}"' in program.splitlines()


def test_modules_are_called_by_their_full_name() -> None:
    modules = {path.stem for kind in ("action", "modules") for path in (ROOT / "plugins" / kind).glob("*.py")}
    assert set(load("meta/runtime.yml")["action_groups"]["all"]) == modules
    files = [path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")]
    called = {
        name
        for path in files
        for name in re.findall(r"^ +xmlprom\.fleet\.(\w+):$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert called == modules


def test_every_plugin_has_documentation_that_ansible_reads() -> None:
    """As antsibull-docs and a user's `ansible-doc` read it; a fault in it is a warning or an error."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections")}
    for kind, folder in (("module", "modules"), ("lookup", "lookup"), ("callback", "callback")):
        names = [f"xmlprom.fleet.{path.stem}" for path in (ROOT / "plugins" / folder).glob("*.py")]
        command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", kind, *names]
        shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        plugins = json.loads(shown.stdout)
        assert set(plugins) == set(names), shown.stderr
        for name, plugin in plugins.items():
            assert {"short_description", "description", "author"} <= set(plugin["doc"]), name
            assert kind != "module" or (plugin["examples"] and plugin["return"]), name
