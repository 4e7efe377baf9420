"""The documents list each failure reason and each status metric, and no other."""

from __future__ import annotations

import re

import pytest
from command import ROOT
from xmlprom.errors import RunError
from xmlprom.reasons import REASONS
from xmlprom.textfile.status import STATUS_METRICS, Run, status_families

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def test_readme_lists_every_reason():
    [cell] = re.findall(r"^\| `xmlprom_last_run_failure\{reason\}` \|(.*)\|$", README, re.M)
    assert re.findall(r"`([a-z_]+)`", cell) == list(REASONS)


def test_runbook_has_every_reason_with_its_meaning_and_its_remedy():
    rows = re.findall(r"^\| `([a-z_]+)` \| (.*?) \| (.*?) \|$", RUNBOOK, re.M)
    assert rows == [(reason, reason.meaning, reason.remedy) for reason in REASONS]


def test_reasons_have_names_of_their_own():
    assert len(set(REASONS)) == len(REASONS) > 10


def test_readme_lists_every_status_metric():
    table = README.partition("| metric | |")[2].partition("\n\n")[0]
    listed = re.findall(r"`(xmlprom_\w+)(?:\{\w+\})?`", table)
    assert sorted(listed) == sorted(metric.name for metric in STATUS_METRICS)


@pytest.mark.parametrize("error", [None, *(RunError(reason, "why") for reason in REASONS)], ids=str)
def test_a_run_has_the_reason_for_which_it_failed_and_no_other(error):
    fields = dict.fromkeys(Run._fields)
    fields.update(collector="c", started=1.0, error=error, extractions=(), series=0)
    shown = [
        (sample.labels, sample.value)
        for family in status_families(Run(**fields))
        if family.name == "xmlprom_last_run_failure"
        for sample in family.samples
    ]
    assert shown == ([({"collector": "c", "reason": error.reason}, 1)] if error else [])
