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
