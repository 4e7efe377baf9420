"""Numbers: with their units, as times, and without what is none."""

from __future__ import annotations

import pytest


def test_amounts_of_one_unit_are_in_the_base_unit(drafted):
    rows = "".join(
        f"<disk name='{name}'><temp>4{n} C</temp><free>{n} GiB</free></disk>" for n, name in enumerate("abc")
    )
    draft = drafted(f"<host>{rows}</host>")
    assert draft.values("host_disk_temp_celsius") == [40, 41, 42]
    assert draft.values("host_disk_free_bytes") == [0, 1 << 30, 2 << 30]


def test_a_unit_in_an_attribute_or_a_child_beside_counts(drafted):
    draft = drafted(
        "<r><fan name='a'><speed unit='%'>50</speed></fan><fan name='b'><speed unit='%'>70</speed></fan>"
        "<disk name='a'><size>5</size><unit>GB</unit></disk><disk name='b'><size>7</size><unit>GB</unit></disk></r>"
    )
    assert draft.values("r_fan_speed_ratio") == pytest.approx([0.5, 0.7])
    assert draft.values("r_disk_size_bytes") == [5e9, 7e9]


def test_the_value_may_be_an_attribute_of_a_child(drafted):
    rows = "".join(
        f"<TEMP><LABEL VALUE='0{n}-Zone'/><READING VALUE='2{n}' UNIT='Celsius'/><STATUS VALUE='OK'/></TEMP>"
        for n in range(3)
    )
    draft = drafted(f"<R>{rows}</R>")
    assert draft.labels("r_temp_reading_celsius") == {"temp": "LABEL/@VALUE"}
    assert draft.values("r_temp_reading_celsius") == [20, 21, 22]
    assert draft.values("r_temp_status") == [1, 1, 1]


def test_numbers_of_different_unknown_units_are_left_out(drafted):
    draft = drafted("<r><d name='a' level='3 apples'/><d name='b' level='4 pears'/></r>")
    assert "r_d_level" not in draft.metrics
    assert "@level has numbers of several units: apples, pears" in draft.text


def test_what_is_only_like_a_unit_is_none(drafted):
    rows = "".join(f"<link name='l{n}' bus='0{n}' width='{n + 1}x' mb='{n}' ec='0C'/>" for n in range(3))
    draft = drafted(f"<r>{rows}</r>")
    assert not [name for name in draft.metrics if name.endswith(("celsius", "bytes"))]


@pytest.mark.parametrize("text", ["N/A", "-", "abc", "0x1F", "NaN", "x" * 300, "12 apples", ""])
def test_what_is_no_number_on_the_next_host_is_left_out(text, drafted, next_host):
    drafted("<r><d name='a' used='3'/><d name='b' used='4'/></r>")
    found = next_host(f"<r><d name='a' used='{text}'/><d name='b' used='4'/></r>")
    assert [value for series, value in found.items() if series.startswith("r_d_used")] == [4]


def test_times_are_unix_times(drafted):
    draft = drafted(
        "<scan start='1795251600' bytes='1795251600'><host name='a' seen='1795251600123'/>"
        "<host name='b' seen='1795251700000'/></scan>"
    )
    assert draft.values("scan_start_timestamp_seconds") == [1795251600]
    assert draft.values("scan_host_seen_timestamp_seconds") == pytest.approx([1795251600.123, 1795251700], abs=1e-3)
    assert "scan_bytes" in draft.metrics


DATES = {
    "Sat, 21 Nov 2026 10:00:00 +0100": "%a, %d %b %Y %H:%M:%S %z",
    "Sat, 21 Nov 2026 09:00:00 GMT": "%a, %d %b %Y %H:%M:%S GMT",
    "Sat Nov 21 09:00:00 2026": "%a %b %d %H:%M:%S %Y",
    "Sat Nov 21 09:00:00 UTC 2026": "%a %b %d %H:%M:%S UTC %Y",
    "21/Nov/2026:09:00:00 +0000": "%d/%b/%Y:%H:%M:%S %z",
    "2026-11-21T09:00:00Z": "iso8601",
    "2026-11-21 09:00:00": "iso8601",
}


@pytest.mark.parametrize(("date", "form"), DATES.items(), ids=DATES)
def test_dates_of_one_form_are_times_local_where_nothing_says_otherwise(date, form, drafted):
    draft = drafted(f"<r><item name='a' date='{date}'/><item name='b' date='{date}'/></r>")
    value = draft.metrics["r_item_date_timestamp_seconds"]["value"]
    assert value["date"] == form
    assert value.get("zone") == (
        "local" if date[-4:] in ("2026", "0:00") and "+" not in date and "UTC" not in date else None
    )


def test_texts_that_change_with_every_poll_are_no_labels(drafted):
    rows = "".join(
        f"<c name='c{n % 4}' up='{n}d {n}h 3m 5s' since='2{n}.11.2026 10:00:00' seen='online {n}s'/>" for n in range(8)
    )
    draft = drafted(f"<r>{rows}</r>")
    used = {path for metric in draft.metrics.values() for path in metric.get("labels", {}).values()}
    assert not used & {"@up", "@since", "@seen"}


def test_a_date_for_people_beside_the_same_as_a_number_is_left_out(drafted):
    draft = drafted("<r><run time='1795251600' timestr='Sat Nov 21 09:00:00 2026' name='x'/></r>")
    assert [name for name in draft.metrics if "timestamp" in name] == ["r_run_timestamp_seconds"]


def test_megabytes_of_memory_are_powers_of_two(drafted):
    draft = drafted("<r><dimm name='a' memory_size='4096 MB'/><dimm name='b' memory_size='2048 MB'/></r>")
    assert draft.values("r_dimm_memory_size_bytes") == [4096 << 20, 2048 << 20]


FORMS = {"1,024.5": 1024.5, "41,94 GB": 41.94e9, "1'024": 1024}


@pytest.mark.parametrize(("text", "number"), FORMS.items(), ids=FORMS)
def test_other_forms_of_numbers(text, number, drafted):
    draft = drafted(f"<r><d name='a' used='{text.replace(chr(39), '&apos;')}'/></r>")
    assert next(value for series, value in draft.found.items() if series.startswith("r_d_used")) == number


def test_durations_are_seconds(drafted):
    draft = drafted("<r><d name='a' uptime='1d 2h 3m 4s'/><d name='b' uptime='12:30:05'/></r>")
    assert draft.values("r_d_uptime_seconds") == [93784, 45005]


def test_texts_for_no_value_count_everywhere(drafted):
    draft = drafted("<r><d name='a' used='N/A' free='3'/><d name='b' used='5' free='4'/></r>")
    assert draft.mapping["missing"] == ["N/A"]
