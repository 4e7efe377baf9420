"""Counters: by names that leave no doubt, and by several samples of one host."""

from __future__ import annotations

import pytest

SWITCH = (
    "<switch hostname='{host}'><port name='e0'><in-octets>{octets}</in-octets><retries>{retries}</retries>"
    "<users>{users}</users></port><port name='e1'><in-octets>5</in-octets><retries>2</retries><users>3</users></port>"
    "<pool><requests>{requests}</requests><used-bytes>{used}</used-bytes></pool></switch>"
)
FIRST = {"host": "s1", "octets": 7, "retries": 1, "users": 2, "requests": 10, "used": 70}
LATER = {"host": "s1", "octets": 9, "retries": 1, "users": 4, "requests": 12, "used": 90}


def types(draft):
    return {name.partition("_")[2]: metric.get("type", "gauge") for name, metric in draft.metrics.items()}


def test_a_flow_with_a_direction_is_a_counter(drafted):
    draft = drafted(SWITCH.format(**FIRST))
    found = types(draft)
    assert [name for name, type_ in found.items() if type_ == "counter"] == ["port_in_octets_total"]
    assert draft.values("switch_port_in_octets_total") == [7, 5]


def test_what_only_rises_between_samples_of_a_host_is_a_counter_if_its_name_says_what_is_counted(drafted):
    found = types(drafted(SWITCH.format(**FIRST), SWITCH.format(**LATER)))
    assert [name for name, type_ in found.items() if type_ == "counter"] == [
        "pool_requests_total",
        "port_in_octets_total",
    ]
    assert {"pool_used_bytes", "port_users"} <= set(found)  # rise too, and may fall at any time


def test_what_falls_between_samples_of_a_host_is_none(drafted):
    later = {**LATER, "requests": 9}
    third = {**LATER, "octets": 19, "requests": 19}
    found = types(drafted(*(SWITCH.format(**texts) for texts in (FIRST, later, third))))
    assert found["pool_requests"] == "gauge"
    assert found["port_in_octets_total"] == "counter"


def test_samples_of_two_hosts_show_no_counter(drafted):
    found = types(drafted(SWITCH.format(**FIRST), SWITCH.format(**{**LATER, "host": "s2"})))
    assert found["pool_requests"] == "gauge"


def test_the_sum_of_rows_that_nothing_distinguishes_is_no_counter(drafted):
    """It falls when a row goes."""
    found = types(drafted("<r><c in-bytes='4'/><c in-bytes='4'/></r>"))
    assert found == {"c_in_bytes": "gauge"}


@pytest.mark.parametrize(
    "name", ["bytes-in-use", "packets-in-per-sec", "max-in-packets", "current-requests-in", "size-in-bytes"]
)
def test_what_there_is_at_the_moment_is_no_counter(name, drafted):
    found = types(drafted(f"<r><c name='a' {name}='4'/><c name='b' {name}='5'/></r>"))
    assert "counter" not in found.values()


def test_two_samples_show_that_a_number_is_a_key(drafted):
    """Those of one sample may be anything: in the second the same ones come again."""
    draft = drafted(*(f"<r><m p='11' v='{v}'/><m p='12' v='{v + 1}'/><m p='13' v='7'/></r>" for v in (5, 8)))
    assert draft.labels("r_m_v") == {"p": "@p"}
    draft = drafted("<r><m p='11' v='5'/><m p='12' v='6'/></r>", "<r><m p='31' v='2'/><m p='49' v='9'/></r>")
    assert "@v is not added up" in draft.text
