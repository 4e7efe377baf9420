"""What of a sample is drafted, and how it is named."""

from __future__ import annotations

import re

import pytest


def test_what_is_worth_most_is_kept_wherever_it_stands(drafted):
    dull = "".join(f"<setting{n} default='{n}' poll_delay='{n}'/>" for n in range(30))
    draft = drafted(f"<r>{dull}<gpu name='a'><temperature>40 C</temperature></gpu></r>")
    assert "r_gpu_temperature_celsius" in draft.metrics
    assert len(draft.metrics) <= 24


def test_a_group_that_occurs_once_is_part_of_the_element_around(drafted):
    draft = drafted("<r><c name='a'><io><sent>3</sent></io></c><c name='b'><io><sent>4</sent></io></c></r>")
    assert draft.metrics["r_c_io_sent"]["value"]["from"] == "io/sent"
    assert draft.labels("r_c_io_sent") == {"c": "@name"}


def test_elements_of_different_names_and_one_shape_are_rows_of_one_kind(drafted):
    draft = drafted(
        "<store><orange id='1' state='new'/><apple id='2' state='old'/><orange id='3' state='new'/></store>"
    )
    assert draft.labels("store_part_rows") == {"item": "name()", "state": "@state"}


def test_several_samples_make_one_draft(drafted):
    draft = drafted(
        "<r><d name='a' used='3'/><d name='b' used='5'/></r>",
        "<r><d name='c' used='N/A' free='7'/><fan name='x' speed='5 RPM'/></r>",
    )
    assert {"r_d_used", "r_d_free", "r_fan_speed"} <= set(draft.metrics)


def test_names_have_at_most_60_characters_and_are_unique(drafted):
    group, other = "a-very-long-name-of-a-group", "another-long-name-of-a-group"
    deep = f"<{group}><{other}>{{}}</{other}></{group}>"
    inner = "".join(f"<a-rather-long-name-of-a-counter-{n}>5</a-rather-long-name-of-a-counter-{n}>" for n in "abc")
    draft = drafted(f"<the-root-of-it-all>{deep.format(inner)}</the-root-of-it-all>")
    assert len(draft.metrics) == 3
    assert all(len(name) <= 60 for name in draft.metrics)


def test_gives_no_names_that_check_advises_against(drafted):
    rows = "<count job='a' total='1' host-count='2'/><count job='b' total='3' host-count='4'/>"
    draft = drafted(f"<ms>{rows}</ms>")
    assert not [name for name in draft.metrics if re.search(r"_(total|count)$|^ms", name)]


@pytest.mark.parametrize("tag", ["failure", "error", "alert"])
def test_faults_are_counted_though_there_is_just_one(tag, drafted, next_host):
    drafted(f"<r><run name='a'><{tag} type='x'>text</{tag}></run></r>")
    found = next_host(f"<r><run name='a'><{tag} type='x'>text</{tag}><{tag} type='x'>other</{tag}></run></r>")
    assert 2 in found.values()


def test_a_wrapper_around_the_root_is_no_matter(drafted, next_host):
    suite = "<testsuite name='{}' time='3' errors='0'/>"
    drafted(suite.format("a"))
    found = next_host(f"<testsuites>{suite.format('a')}{suite.format('b')}</testsuites>")
    assert len([series for series in found if series.startswith("testsuite_time")]) == 2


def test_what_stands_beside_elements_that_repeat_may_repeat_too(drafted, next_host):
    rest = "<restports state='{}' count='{}'/>"
    drafted(f"<r><host name='a'><ports><port nr='1' hits='1'/>{rest.format('closed', 9)}</ports></host></r>")
    found = next_host(f"<r><host name='a'><ports>{rest.format('closed', 9)}{rest.format('open', 8)}</ports></host></r>")
    assert sorted(value for series, value in found.items() if "restports_count" in series) == [8, 9]
