#!/usr/bin/env python3
"""Measure how long a rollout takes over 1 to 16 hosts, and what each setting of ansible.cfg saves.

Boots 16 test hosts, rolls out to all of them, and then measures the rollout that has nothing to change, in one batch.
Each time is the median of several rounds in which all ways take turns, so that another program's load falls on all of
them. The floor is a play of as many `ping` as the rollout runs modules. Controller and hosts share one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "rollout"
LOG = WORK / "modules.log"
FLOOR = WORK / "floor.yml"
HOSTS = (1, 4, 8, 16)
INVENTORIES = ("-i", "benchmarks/rollout/hosts.yml", "-i", str(WORK / "inventory"))
ONE_BATCH = ("-e", "xmlprom_rollout_batches=100%")
SETTINGS = {
    "as it is": {},
    "without pipelining": {"ANSIBLE_PIPELINING": "0"},
    "without ControlPersist": {"ANSIBLE_SSH_ARGS": "-o ControlMaster=no"},
    "5 forks, Ansible's default": {"ANSIBLE_FORKS": "5"},
    "with the interpreter's path": {"ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3"},
    "with facts cached in files": {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(WORK / "facts"),
    },
}


def play(playbook: str, *options: str, **settings: str) -> float:
    """Run a playbook and return the seconds that it took; one that fails ends the benchmark."""
    command = ["ansible-playbook", *INVENTORIES, playbook, *options]
    scenario = {"MOLECULE_SCENARIO_NAME": "rollout", "MOLECULE_EPHEMERAL_DIRECTORY": str(WORK)}
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **scenario, **settings}, capture_output=True, text=True, check=False
    )
    took = time.monotonic() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr}")
    print(f"{took:6.1f} s  {' '.join([playbook, *options])} {settings or ''}", file=sys.stderr)
    return took


def limit(hosts: int) -> tuple[str, ...]:
    return ("--limit", f"xmlprom[0:{hosts - 1}]")


def count_modules() -> int:
    """How many modules a rollout that has nothing to change runs on one host."""
    LOG.unlink(missing_ok=True)
    callbacks = str(ROOT / "molecule" / "shared" / "callbacks")
    play("playbooks/site.yml", *limit(1), ANSIBLE_CALLBACK_PLUGINS=callbacks, MODULE_LOG=str(LOG))
    return len(LOG.read_text(encoding="utf-8").splitlines())


def write_floor(modules: int) -> None:
    pings = [{"name": "Do nothing", "ansible.builtin.ping": None} for _ in range(modules)]
    floor = {"name": "Floor", "hosts": "xmlprom", "become": True, "gather_facts": False, "tasks": pings}
    FLOOR.write_text(json.dumps([floor]), encoding="utf-8")


Name = TypeVar("Name")
Way = tuple[str, Sequence[str], dict[str, str]]  # a playbook, its options, settings of the environment


def medians(ways: Mapping[Name, Way], rounds: int) -> dict[Name, float]:
    times: dict[Name, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (playbook, options, settings) in ways.items():
            times[way].append(play(playbook, *options, **settings))
    return {way: statistics.median(took) for way, took in times.items()}


def growth_table(modules: int, rounds: int) -> None:
    ways: dict[tuple[int, str], Way] = {}
    for hosts in HOSTS:
        ways[hosts, "rollout"] = ("playbooks/site.yml", (*limit(hosts), *ONE_BATCH), {})
        ways[hosts, "floor"] = (str(FLOOR), limit(hosts), {})
    took = medians(ways, rounds)
    print(f"\n| hosts | rollout | per host | growth | {modules} pings each | share of the rollout |")
    print("|--:|--:|--:|--:|--:|--:|")
    for hosts in HOSTS:
        rollout, floor = took[hosts, "rollout"], took[hosts, "floor"]
        growth = rollout / took[1, "rollout"]
        print(
            f"| {hosts} | {rollout:.1f} s | {rollout / hosts:.1f} s | {growth:.1f} | {floor:.1f} s "
            f"| {100 * floor / rollout:.0f} % |"
        )


def settings_table(hosts: int, rounds: int) -> None:
    # The first run with the facts' cache fills it.
    play("playbooks/site.yml", *limit(hosts), **SETTINGS["with facts cached in files"])
    ways = {name: ("playbooks/site.yml", (*limit(hosts), *ONE_BATCH), settings) for name, settings in SETTINGS.items()}
    took = medians(ways, rounds)
    print(f"\n| {hosts} hosts | rollout | |")
    print("|---|--:|--:|")
    for name, seconds in took.items():
        print(f"| {name} | {seconds:.1f} s | {100 * (seconds / took['as it is'] - 1):+.0f} % |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    (WORK / "inventory").mkdir(parents=True, exist_ok=True)
    try:
        play("molecule/shared/create.yml")
        play("benchmarks/rollout/prepare.yml")
        first = play("playbooks/site.yml")
        modules = count_modules()
        print(f"First rollout over {HOSTS[-1]} hosts, in the default batches: {first:.0f} s.")
        print(f"A later one runs {modules} modules a host, and changes nothing:")
        write_floor(modules)
        growth_table(modules, rounds)
        settings_table(HOSTS[-2], rounds)
    finally:
        play("molecule/shared/destroy.yml")


if __name__ == "__main__":
    main()
