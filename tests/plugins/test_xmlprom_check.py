"""The check of a host's variables on the controller: one play in which each host has a mistake of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MAPPING: dict[str, Any] = {"source": "/tmp/a.xml", "rows": "/a/*", "metrics": [{"name": "a_rows", "help": "Rows"}]}
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - include_role: {name: xmlprom.fleet.xmlprom, tasks_from: check}
    - debug: {msg: "FINE {{ inventory_hostname }} {{ __xmlprom_check.collectors | to_json }}"}
"""


def one(**keys: Any) -> dict[str, Any]:
    return {"xmlprom_collectors": [{"name": "store", "mapping": MAPPING, **keys}]}


# Of each host its variables, and what the message says after "host NAME: ".
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unset": ({}, "set xmlprom_collectors to the host's collectors, or to []"),
    "misspelt": ({"xmlprom_colectors": []}, "xmlprom_colectors is no variable of xmlprom: rename it"),
    "dict": ({"xmlprom_collectors": one()["xmlprom_collectors"][0]}, "xmlprom_collectors is no list"),
    "twice": (
        {**one(), "xmlprom_collectors_b": one()["xmlprom_collectors"]},
        "xmlprom_collectors_b: collector store is",
    ),
    "key": (one(sources="/a"), "xmlprom_collectors, collector store: has no key 'sources'"),
    "interval": (
        one(interval="1 minute"),
        "xmlprom_collectors, collector store: interval is '1 minute': set it to a time",
    ),
    "zero": (one(interval=0), "xmlprom_collectors, collector store: interval is 0: set it to 1s or more"),
    "timeout": ({**one(), "xmlprom_timeout": "soon"}, "xmlprom_timeout is 'soon': set it to a time"),
    "memory": (one(memory_max="1 GB"), "xmlprom_collectors, collector store: memory_max is '1 GB': set it to a size"),
    "groups": (one(read_groups="adm"), "xmlprom_collectors, collector store: read_groups is 'adm': set it to a list"),
    "state": (
        one(state="stopped"),
        "xmlprom_collectors, collector store: state is 'stopped': set it to present, paused",
    ),
    "missing": (one(mapping="store.yml"), "mapping is 'store.yml', and no such file is on the controller"),
    "broken": (one(mapping="{{ files }}/broken.yml"), "mapping: FILES/broken.yml:3:8: not YAML"),
    "braces": (one(mapping="{{ files }}/braces.yml"), "mapping: FILES/braces.yml:2: a mapping's file is no template"),
    "wrong": (one(mapping={**MAPPING, "row": "/a"}), "mapping: /etc/xmlprom/store.yml:"),
    "relative": (
        one(mapping={**MAPPING, "source": "a.xml"}),
        "mapping: /etc/xmlprom/store.yml:5:9: source: the source is an abs",
    ),
    "quoted": (
        one(mapping={**MAPPING, "source": "/a:b"}),
        "`source` in the mapping is '/a:b': set it to the absolute path",
    ),
    "one-of-several": (
        one(mapping={**MAPPING, "source": ["/srv/a.xml", "/*/b.xml"]}),
        "`source` in the mapping is '/*/b.xml': set it to the absolute path",
    ),
    "relative-program": (
        one(command=["bin/state"], user="store"),
        "xmlprom_collectors, collector store: command has the program 'bin/state': set it to an absolute path",
    ),
    "no-mapping": (one(mapping=None), "xmlprom_collectors, collector store: mapping is None: set it to a mapping"),
}
FINE: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": ({"xmlprom_collectors": []}, []),
    "groups-add-up": (
        {
            "xmlprom_collectors_b": [{"name": "b", "mapping": MAPPING}],
            "xmlprom_collectors_a": one()["xmlprom_collectors"],
        },
        ["store", "b"],
    ),
    "absent": ({"xmlprom_collectors": [{"name": "store", "state": "absent"}]}, ["store"]),
    "several": (one(mapping={**MAPPING, "source": ["/srv/a.xml", "/srv/b/**/*.xml", "/srv/b/*.xml"]}), ["store"]),
    "url": (one(url="http://127.0.0.1/", mapping={"rows": "/a/*", "metrics": MAPPING["metrics"]}), ["store"]),
    "templated": (one(mapping={**MAPPING, "labels": {"host": "{{ inventory_hostname }}"}}), ["store"]),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("check")
    (directory / "broken.yml").write_text("source: /tmp/a.xml\nrows: [/a/*\nmetrics:\n")
    (directory / "braces.yml").write_text('# {{ fine }}\nlabels: {host: "{{ inventory_hostname }}"}\n')
    (directory / "play.yml").write_text(PLAY)
    hosts = {name: variables for name, (variables, _) in {**MISTAKES, **FINE}.items()}
    inventory = {"all": {"hosts": hosts, "vars": {"files": str(directory)}}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory))
    return directory


@pytest.fixture(scope="module", params=[[], ["--check"]], ids=["run", "check mode"])
def said(request: pytest.FixtureRequest, files: Path) -> str:
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml", *request.param]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections")}
    run = subprocess.run(command, cwd=files, env=environment, capture_output=True, text=True, check=False)
    return re.sub(r"\\(.)", r"\1", run.stdout).replace(str(files), "FILES")


@pytest.mark.parametrize("host", MISTAKES)
def test_a_mistake_is_answered_with_the_variable_and_what_to_set(host: str, said: str) -> None:
    expected = MISTAKES[host][1]
    assert re.search(rf"host {host}: [^\n]*{re.escape(expected)}", said), said
    assert f"FINE {host} " not in said


@pytest.mark.parametrize("host", FINE)
def test_what_is_fine_passes(host: str, said: str) -> None:
    [line] = re.findall(rf"FINE {host} (.*)", said)
    assert re.findall(r'"name": "(\w+)", "[^h]|"name": "(\w+)"}', line) or line.startswith("[]")
    for name in FINE[host][1]:
        assert f'"name": "{name}"' in line


def test_a_unit_sees_each_source_and_the_directories_of_globs(said: str) -> None:
    [line] = re.findall(r"FINE several (.*)", said)
    assert '"readable": ["/srv/a.xml", "/srv/b"]' in line


def test_a_unit_sees_no_file_where_another_one_fetches(said: str) -> None:
    [line] = re.findall(r"FINE url (.*)", said)
    assert '"readable": []' in line


def test_a_mapping_in_the_variable_is_templated(said: str) -> None:
    assert "host: templated" in said
