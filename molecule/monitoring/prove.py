"""Asks a running Prometheus; prints what is not as it should be and exits 1.

prove.py targets URL HOST=SCHEME...  these hosts are scraped so, no others, and without a fault
prove.py values URL SOURCE      the targets are up, and store_rows holds what SOURCE, counted here anew, says
prove.py dashboards URL DIR     every query of every panel returns data, for a chosen host and for all
prove.py federation URL SITE... rows and aggregates of every site have arrived
"""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

CHOICES: tuple[dict[str, str], ...] = ({"collector": "store", "group": "shop", "host": "app1"}, {})  # all others are .*


def get(address: str) -> dict[str, list[dict]]:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
        return json.load(answer)["data"]


def ask(url: str, query: str) -> list[dict]:
    return get(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")["result"]


def targets(url: str, *expected: str) -> Iterator[str]:
    found = set()
    for target in get(f"{url}/api/v1/targets?state=active")["activeTargets"]:
        labels = target["labels"]
        if labels["job"] == "node":
            found.add(f"{labels['instance']}={urllib.parse.urlparse(target['scrapeUrl']).scheme}")
            if target["health"] != "up":
                yield f"{labels['instance']} is {target['health']}: {target['lastError']}"
    if found != set(expected):
        yield f"scraped are {sorted(found)}, not {sorted(expected)}"


def values(url: str, source: str) -> Iterator[str]:
    counted = Counter((row.tag, row.get("operation")) for row in ElementTree.parse(source).getroot())  # noqa: S314
    for result in ask(url, "up"):
        if result["value"][1] != "1":
            yield f"down: {result['metric']}"
    found = ask(url, "store_rows")
    hosts = {result["metric"]["instance"] for result in ask(url, 'up{job="node"}')}
    if not hosts:
        yield "no hosts"
    for host in hosts:
        measured = Counter()
        for result in found:
            metric = result["metric"]
            if metric["instance"] == host:
                measured[metric["item"], metric["operation"]] = int(result["value"][1])
        if +measured != counted:
            yield f"{host}: {+measured} is not {counted}"


def chosen(query: str, choice: dict[str, str]) -> str:
    """The query as Grafana asks it."""
    return re.sub(r"\$(\w+)", lambda match: choice.get(match[1], ".*"), query.replace("$__rate_interval", "8s"))


def dashboards(url: str, directory: str) -> Iterator[str]:
    asked = 0
    for file in sorted(Path(directory).glob("*.json")):
        panels = json.loads(file.read_text())["panels"]
        for panel in [*panels, *(inner for row in panels for inner in row.get("panels", []))]:
            for target in panel.get("targets", []):
                for choice in CHOICES:
                    query = chosen(target["expr"], choice)
                    asked += 1
                    if not ask(url, query):
                        yield f"{file.name}, {panel['title']}: no data for {query}"
    if asked < 150:
        yield f"only {asked} queries: the dashboards have lost theirs"


def federation(url: str, *sites: str) -> Iterator[str]:
    for series in ("xmlprom_rows", "site:store_rows:sum", "site:xmlprom_rows:sum"):
        found = {result["metric"].get("site") for result in ask(url, series)}
        if found != set(sites):
            yield f"{series} of the sites {found}, not {set(sites)}"


PROOFS = {"targets": targets, "values": values, "dashboards": dashboards, "federation": federation}


def main() -> int:
    command, *arguments = sys.argv[1:]
    for _ in range(30):
        problems = list(PROOFS[command](*arguments))
        if not problems:
            return 0
        time.sleep(1)
    print("\n".join(problems))
    return 1


if __name__ == "__main__":
    sys.exit(main())
