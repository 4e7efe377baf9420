"""The benchmarks' sources are read right, so that nothing fast and wrong is measured."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from decimal import Decimal

import pytest
from command import EXAMPLES, ROOT, run, samples
from lxml import etree

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def source(tmp_path):
    def generate(kind, rows):
        path = tmp_path / f"{kind}.xml"
        subprocess.run([sys.executable, BENCHMARKS / "sources.py", kind, str(rows), path], check=True)
        return path

    return generate


def test_rows_of_the_store(source):
    path = source("store", 25_000)
    found = samples(run("collect", EXAMPLES / "store.yml", "--source", path, "--dry-run").out)
    rows = Counter(row.tag for row in etree.parse(str(path)).getroot())
    assert found[f'store_total_rows{{path="{path}"}}'] == 25_000
    for item, count in rows.items():
        assert sum(value for series, value in found.items() if f'item="{item}"' in series) == count


def test_sum_of_texts(source):
    path = source("orders", 25_000)
    found = samples(run("collect", BENCHMARKS / "orders.yml", "--source", path, "--dry-run").out)
    sums = Counter()
    for order in etree.parse(str(path)).getroot():
        sums[order.findtext("region")] += Decimal(order.findtext("amount"))
    for region, total in sums.items():
        assert found[f'order_amount{{path="{path}",region="{region}"}}'] == pytest.approx(float(total))


def test_counters_named_by_a_table(source, tmp_path):
    path = source("counters", 5_000)
    label = "{counter: '../../type[@p=current()/@p]', area: ../../name}"
    metric = f"  - {{name: sums, help: h, labels: {label}, value: {{from: v, aggregate: sum}}}}"
    mapping = tmp_path / "m.yml"
    mapping.write_text(f"rows: /data/group/object/r\nmetrics:\n{metric}\n", encoding="utf-8")
    found = samples(run("collect", mapping, "--source", path, "--dry-run").out)
    sums = Counter()
    for group in etree.parse(str(path)).getroot():
        names = {one.get("p"): one.text for one in group.iter("type")}
        for row in group.iter("r"):
            sums[group.get("area"), names[row.get("p")]] += int(row.findtext("v"))
    assert len(sums) == 100
    for (area, counter), total in sums.items():
        assert found[f'sums{{area="{area}",counter="{counter}",path="{path}"}}'] == total
