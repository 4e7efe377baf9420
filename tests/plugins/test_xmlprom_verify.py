"""What the verification makes of a collector's times."""

from __future__ import annotations

import time

import pytest
from ansible_collections.xmlprom.fleet.plugins.modules import xmlprom_verify


@pytest.mark.parametrize(("interval", "age", "is_old"), [(60, 200, False), (60, 300, True), (3600, 10000, False)])
def test_a_run_of_long_ago_is_a_problem(interval: float, age: float, is_old: bool) -> None:
    assert bool(xmlprom_verify.age_problem(interval, time.time() - age)) == is_old
