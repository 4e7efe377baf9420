"""Keys: what tells rows apart is a label, and so is what tells the elements around them apart."""

from __future__ import annotations

import pytest


def test_a_field_that_recurs_under_other_parents_is_a_label(drafted):
    peers = "".join(f"<peer asn='{asn}' received='{asn * 3}'/>" for asn in (65001, 65002, 65003))
    draft = drafted(f"<bgp><router name='a'>{peers}</router><router name='b'>{peers}</router></bgp>")
    assert draft.labels("bgp_peer_received") == {"router": "../@name", "asn": "@asn"}
    assert draft.metrics["bgp_peer_received"]["value"]["aggregate"] == "last"
    assert len(draft.values("bgp_peer_received")) == 6


@pytest.mark.parametrize("key", ["address", "ip", "interface", "port", "Id", "name", "mount", "slot"])
def test_fields_of_such_names_are_keys_of_any_number_of_rows(key, drafted):
    rows = "".join(f"<thing {key}='x{number}' temperature='{number * 1.5}'/>" for number in range(9))
    draft = drafted(f"<things>{rows}</things>")
    assert len(draft.values("things_thing_temperature")) == 9


def test_a_key_has_no_declared_values(drafted, next_host):
    rows = "".join(f"<gpu name='gpu{number}' power='{number + 30} W'/>" for number in range(6))
    drafted(f"<r>{rows[: rows.index('gpu5')][:-11]}</r>")
    assert any('gpu="gpu5"' in series for series in next_host(f"<r>{rows}</r>"))


def test_the_load_of_one_five_and_fifteen_minutes_is_not_added_up(drafted):
    loads = "".join(f"<load minutes='{minutes}'>{minutes / 10}</load>" for minutes in (1, 5, 15))
    draft = drafted(f"<hosts><host name='a'>{loads}</host><host name='b'>{loads}</host></hosts>")
    assert len(draft.values("hosts_load")) == 6


def test_levels_of_rows_that_nothing_tells_apart_are_left_out(drafted):
    draft = drafted("<r><cpu temp='40'/><cpu temp='41'/><cpu temp='41'/></r>")
    assert "r_cpu_temp" not in draft.metrics
    assert "@temp is not added up" in draft.text


def test_amounts_of_rows_that_nothing_tells_apart_are_added_up(drafted):
    draft = drafted("<r><q bytes='40'/><q bytes='41'/><q bytes='41'/></r>")
    assert draft.metrics["r_q_bytes"]["value"]["aggregate"] == "sum"
    assert draft.values("r_q_bytes") == [122]


def test_addresses_in_memory_and_identifiers_are_no_labels(drafted):
    rows = "".join(f"<task id='0x7f{number:06x}' state='{'idle' if number % 2 else 'busy'}'/>" for number in range(6))
    draft = drafted(f"<r>{rows}</r>")
    assert draft.labels("r_task_rows") == {"state": "@state"}


def test_events_have_no_keys(drafted):
    cases = "".join(f"<testcase name='case{n}' class='c{n % 2}' time='0.5'/>" for n in range(8))
    draft = drafted(f"<testsuite name='s'>{cases}</testsuite>")
    assert draft.labels("testsuite_testcase_time") == {"testsuite": "../@name", "class": "@class"}
    assert draft.values("testsuite_testcase_time") == [2, 2]


def test_a_thing_with_a_name_is_a_row_although_it_occurs_once(drafted, next_host):
    disk = "<disk><name>{0}</name><size>{1}</size></disk>"
    drafted(f"<host><cpus>4</cpus>{disk.format('sda', 7)}</host>")
    found = next_host(f"<host><cpus>4</cpus>{disk.format('sda', 7)}{disk.format('sdb', 8)}</host>")
    assert [value for series, value in found.items() if series.startswith("host_disk_size")] == [7, 8]
