"""The original demo: its sample gives its numbers, in the new shape and under the old names."""

from __future__ import annotations

import os

import pytest
from command import EXAMPLES, run, samples
from xmlprom.textfile.text_format import number

SOURCE = EXAMPLES / "store.xml"


def dry_run(mapping: str, *more: str) -> str:
    result = run("collect", EXAMPLES / mapping, "--source", SOURCE, "--dry-run", *more)
    assert (result.status, result.err) == (0, "")
    return result.out


def test_series_of_the_sample_with_their_order_and_header():
    path = f'path="{SOURCE}"'
    assert dry_run("store.yml") == (
        "# Written by xmlprom for the collector store; changes are overwritten.\n"
        f"# Source modified: {number(SOURCE.stat().st_mtime)}; max_age: none\n"
        "# HELP store_total_rows Total rows in store\n"
        "# TYPE store_total_rows gauge\n"
        f"store_total_rows{{{path}}} 6\n"
        "# HELP store_rows Rows in store by item and operation\n"
        "# TYPE store_rows gauge\n"
        f'store_rows{{item="apple",operation="create",{path}}} 1\n'
        f'store_rows{{item="apple",operation="update",{path}}} 0\n'
        f'store_rows{{item="apple",operation="delete",{path}}} 0\n'
        f'store_rows{{item="orange",operation="create",{path}}} 2\n'
        f'store_rows{{item="orange",operation="update",{path}}} 1\n'
        f'store_rows{{item="orange",operation="delete",{path}}} 0\n'
        f'store_rows{{item="strawberry",operation="create",{path}}} 1\n'
        f'store_rows{{item="strawberry",operation="update",{path}}} 0\n'
        f'store_rows{{item="strawberry",operation="delete",{path}}} 1\n'
    )


def test_legacy_names_have_exactly_the_demos_values():
    expected = {"total": 6, "orange_total": 3, "orange_create": 2, "orange_update": 1, "orange_delete": 0}
    expected.update({"strawberry_total": 2, "strawberry_create": 1, "strawberry_update": 0, "strawberry_delete": 1})
    expected.update({"apple_total": 1, "apple_create": 1, "apple_update": 0, "apple_delete": 0})
    assert samples(dry_run("store-legacy.yml")) == {
        f'store_{name}_rows{{path="{SOURCE}"}}': value for name, value in expected.items()
    }


def test_only_keeps_the_named_items_and_the_unfiltered_total():
    found = dry_run("store.yml", "--only", "item=orange", "--only", "item=apple")
    assert f'store_total_rows{{path="{SOURCE}"}} 6\n' in found
    assert 'item="orange",operation="create"' in found
    assert 'item="apple",operation="create"' in found
    assert "strawberry" not in found


def test_only_filters_items_that_are_part_of_the_name():
    found = samples(dry_run("store-legacy.yml", "--only", "item=orange"))
    assert {name.partition("{")[0] for name in found} == {
        "store_total_rows",
        "store_orange_total_rows",
        "store_orange_create_rows",
        "store_orange_update_rows",
        "store_orange_delete_rows",
    }


def test_only_warns_of_a_value_that_is_nowhere_and_tells_those_there_are():
    result = run("collect", EXAMPLES / "store.yml", "--source", SOURCE, "--dry-run", "--only", "item=kiwi")
    assert result.status == 0
    assert result.err == (
        "xmlprom: warning: --only item=kiwi matches nothing; there are: 'apple', 'orange', 'strawberry'\n"
    )


@pytest.mark.parametrize(
    ("more", "neighbour", "message"),
    [
        ("max_age: 1h\n", "", "last modified"),
        ("", "store_total_rows 1\n", "conflicts: metric store_total_rows"),
    ],
)
def test_a_dry_run_tells_that_the_run_would_fail(more, neighbour, message, write, tmp_path):
    source = write("store.xml", SOURCE.read_text())
    os.utime(source, (1e9, 1e9))
    mapping = write("store.yml", more + (EXAMPLES / "store.yml").read_text())
    write("other.prom", neighbour)
    result = run("collect", mapping, "--source", source, "--output-dir", tmp_path, "--dry-run")
    assert result.status == 1
    assert "\n# HELP store_total_rows" in result.out
    assert message in result.err
    assert not (tmp_path / "store.prom").exists()


def test_an_operation_that_is_not_declared_counts_as_other(write):
    source = write("store.xml", '<store><orange operation="burn"/><orange operation="create"/></store>')
    result = run("collect", EXAMPLES / "store.yml", "--source", source, "--dry-run")
    assert f'store_rows{{item="orange",operation="other",path="{source}"}} 1\n' in result.out


def test_an_empty_store_has_no_rows_rather_than_no_metric(write):
    source = write("store.xml", "<store/>")
    result = run("collect", EXAMPLES / "store.yml", "--source", source, "--dry-run")
    assert samples(result.out) == {f'store_total_rows{{path="{source}"}}': 0}
