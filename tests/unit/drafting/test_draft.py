"""Drafts: from any sample, a mapping that passes `check` and `collect` as it is, and holds what matters."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tracemalloc
from pathlib import Path

import pytest
import yaml
from command import EXAMPLES, Result, run, samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xmlprom.cli import main
from xmlprom.drafting.judge import judge
from xmlprom.drafting.scan import survey
from xmlprom.drafting.write import write as write_draft
from xmlprom.mapping.loader import load


def draft(*arguments: object) -> Result:
    return run("draft", *arguments)


def in_process(*arguments: object) -> Result:
    """As `run`, without a process of its own: for many runs."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return Result(status, out.buffer.getvalue().decode(), err.getvalue())


@pytest.fixture
def drafted(write):
    """Draft a mapping from a document, hold it against the source; gives (its sections, text, samples)."""

    def draft_and_try(content, name="sample.xml"):
        source = write(name, content)
        text = write_draft(judge(survey(str(source))), str(source))
        file = write("draft.yml", text)
        assert in_process("check", file, "--source", source) == Result(0, "", "")
        result = in_process("collect", file, "--dry-run")
        assert (result.status, result.err) == (0, "")
        mapping = yaml.safe_load(text)
        return mapping.get("sections") or [mapping], text, samples(result.out)

    return draft_and_try


def metrics(sections):
    return {metric["name"]: metric for section in sections for metric in section["metrics"]}


@pytest.mark.parametrize("source", sorted(EXAMPLES.glob("*.xml")), ids=lambda source: source.stem)
def test_of_every_example_passes_check_and_collect(source, tmp_path):
    mapping = tmp_path / "draft.yml"
    result = draft(source)
    assert (result.status, result.err) == (0, "")
    mapping.write_text(result.out)
    assert run("check", mapping, "--source", source) == Result(0, "", "")
    result = run("collect", mapping, "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert f'path="{source}"' in result.out
    assert draft(source).out == mapping.read_text()


def test_of_the_store_has_items_and_operations_and_no_identifiers(drafted):
    sections, text, found = drafted((EXAMPLES / "store.xml").read_text())
    assert sections[0]["rows"] == "/store/*"
    assert metrics(sections)["store_rows"]["labels"] == {
        "item": "name()",
        "operation": {"from": "@operation", "values": ["create", "update", "delete"], "other": "other"},
    }
    assert "# left out: @id looks like an identifier (6 values in 6 rows)" in text
    assert sum(found.values()) == 6


def test_of_a_junit_report_has_classes_times_and_outcomes(drafted):
    sections, text, _ = drafted((EXAMPLES / "junit.xml").read_text())
    found = metrics(sections)
    assert found["testsuites_testcase_time"]["value"] == {"from": "@time", "aggregate": "sum"}
    assert found["testsuites_testcase_time"]["labels"]["classname"]["from"] == "@classname"
    assert found["testsuites_testcase_child_rows"]["labels"]["item"] == "name()"
    assert found["testsuites_testsuite_timestamp_seconds"]["value"]["date"] == "iso8601"
    assert "# left out: @name has too many" in text


def test_of_lshw_takes_devices_at_any_depth(drafted):
    sections, text, found = drafted((EXAMPLES / "lshw.xml").read_text())
    assert sections[0]["rows"] == "//node"
    assert metrics(sections)["xml_node_rows"]["labels"]["class"] == "@class"
    assert sum(value for series, value in found.items() if series.startswith("xml_node_rows{")) == 20
    assert "# left out: serial looks like an identifier" in text


def test_of_icecast_tells_mounts_apart(drafted):
    sections, _, found = drafted((EXAMPLES / "icecast.xml").read_text(), "icecast.xml")
    listeners = metrics(sections)["icestats_source_listeners"]
    assert listeners["labels"] == {"mount": "@mount"}
    assert listeners["value"] == {"from": "listeners", "aggregate": "last"}
    assert [value for series, value in found.items() if 'mount="/live.mp3"' in series and "_listeners{" in series] == [
        4,
        0,
    ]


def test_reads_amounts_dates_and_missing_numbers(drafted):
    rows = "".join(
        f"<disk name='{name}' seen='2026-01-0{day}T00:00:00Z'><temp>4{day} C</temp><free>{day} GiB</free>"
        f"<errors>{errors}</errors></disk>"
        for name, day, errors in (("a", 1, "7"), ("b", 2, "N/A"), ("c", 3, "1"))
    )
    sections, _, found = drafted(f"<host>{rows}</host>")
    by_name = metrics(sections)
    assert by_name["host_disk_temp_celsius"]["value"]["unit"] == "celsius"
    assert by_name["host_disk_free_bytes"]["value"]["unit"] == "bytes"
    assert by_name["host_disk_errors"]["value"]["missing"] == ["", "N/A"]
    assert by_name["host_disk_seen_timestamp_seconds"]["value"]["date"] == "iso8601"
    assert by_name["host_disk_errors"]["labels"] == {"name": "@name"}
    assert [value for series, value in found.items() if series.startswith("host_disk_errors")] == [7, 1]


def test_leaves_out_numbers_of_which_only_some_have_the_same_unit(drafted):
    rows = "<d n='a' v='81.5' w='1 s'/><d n='a' v='40 %' w='2 ms'/><d n='b' v='12 %' w='3 s'/><d n='b' v='50' w='4 s'/>"
    rows += "<d n='b' v='60' w='5 s'/>"
    sections, text, _ = drafted(f"<r>{rows}</r>")
    assert set(metrics(sections)) == {"r_d_rows"}
    assert "# left out: @v has numbers of mixed units: %, none" in text
    assert "# left out: @w has numbers of mixed units: s, ms" in text


def test_scales_numbers_that_all_have_the_same_unit(drafted):
    sections, _, found = drafted("<r><d v='40 %'/><d v='N/A'/><d v='50%'/></r>")
    value = metrics(sections)["r_d_v_ratio"]["value"]
    assert (value["unit"], value["missing"]) == ("ratio", ["", "N/A"])
    assert [value for series, value in found.items() if series.startswith("r_d_v_ratio")] == [0.5]


def test_skips_words_that_do_not_mean_that_there_is_no_number(drafted):
    rows = "".join(
        f"<e v='{text}' w='{'-' if text == 7 else 1}'/>" for text in (7, 9, 4, 3, 9, "false", "NaN", "jdbc:h2")
    )
    sections, text, _ = drafted(f"<r>{rows}</r>")
    value = metrics(sections)["r_e_v"]["value"]
    assert (value["missing"], value["invalid"]) == (["", "NaN"], "skip")
    assert "# skip: xmlprom_invalid_rows counts texts like 'false', 'jdbc:h2'" in text
    assert "invalid" not in metrics(sections)["r_e_w"]["value"]


def test_takes_numbers_for_unix_times_where_the_name_says_so(drafted):
    rows = "".join(
        f"<host starttime='{1795251600 + n * 9}' bytes='{1795251600 + n * 9}' cpuTime='{1795251600 + n * 9}'"
        f" stage-start='1795251600' state='{'up' if n % 2 else 'down'}'><seen>{1795251600123 + n * 9}</seen></host>"
        for n in range(4)
    )
    sections, _, found = drafted(f"<scan finished='1795251700'>{rows}</scan>")
    by_name = metrics(sections)
    assert by_name["scan_host_start_timestamp_seconds"]["value"] == {"from": "@starttime", "aggregate": "max"}
    assert by_name["scan_host_stage_start_timestamp_seconds"]["value"]["aggregate"] == "max"
    seen = by_name["scan_host_seen_timestamp_seconds"]["value"]
    assert seen == {"from": "seen", "aggregate": "max", "scale": 0.001}
    assert by_name["scan_finished_timestamp_seconds"]["value"]["aggregate"] == "last"
    assert (
        by_name["scan_host_bytes"]["value"]["aggregate"] == by_name["scan_host_cpu_time"]["value"]["aggregate"] == "sum"
    )
    assert 1795251600.15 in found.values()


def test_takes_the_name_of_an_element_with_a_unix_time_for_its_own(drafted):
    sections, _, _ = drafted("<r><lastRun>1795251600</lastRun><lastRun>1795251660</lastRun></r>")
    assert set(metrics(sections)) == {"r_last_run_rows", "r_last_run_timestamp_seconds"}


DATES = {
    "Sat, 21 Nov 2026 10:00:00 +0100": "%a, %d %b %Y %H:%M:%S %z",
    "Sat, 21 Nov 2026 09:00:00 GMT": "%a, %d %b %Y %H:%M:%S GMT",
    "Sat Nov 21 09:00:00 2026": "%a %b %d %H:%M:%S %Y",
    "Sat Nov 21 09:00:00 UTC 2026": "%a %b %d %H:%M:%S UTC %Y",
    "21/Nov/2026:09:00:00 +0000": "%d/%b/%Y:%H:%M:%S %z",
}


@pytest.mark.parametrize(("date", "form"), DATES.items(), ids=DATES)
def test_reads_dates_of_one_form(date, form, drafted):
    sections, text, found = drafted(f"<r><item date='{date}'/><item date='{date}'/><item date='never'/></r>")
    value = metrics(sections)["r_item_date_timestamp_seconds"]["value"]
    assert value == {"from": "@date", "aggregate": "max", "date": form, "missing": ["", "never"]}
    assert 1795251600 in found.values()
    assert ("# dates without an offset" in text) == (date == "Sat Nov 21 09:00:00 2026")


def test_makes_no_label_of_dates_in_forms_that_it_cannot_read(drafted):
    rows = "<item a='2026-11-21' b='{0}.11.2026'/><item a='Sat, 21 Nov 2026 09:00:00 GMT' b='{0}.11.2026'/>"
    content = f"<r built='built at 21/11/2026 09:00:00'>{rows.format(20) * 2}{rows.format(21) * 2}</r>"
    sections, text, _ = drafted(content)
    assert [metric.get("labels") for metric in metrics(sections).values()] == [None]
    assert text.count("holds dates of several forms, of an unknown one, or among other texts") == 2


def test_makes_labels_of_what_is_only_like_a_date(drafted):
    rows = "<item mac='52:54:00:12:35:02' ip='10.20.20.26'/><item mac='52:54:00:12:35:03' ip='10.0.0.2'/>"
    sections, _, _ = drafted(f"<r>{rows * 2}</r>")
    assert set(metrics(sections)["r_item_rows"]["labels"]) == {"mac", "ip"}


def test_gives_no_names_that_check_advises_against(drafted):
    rows = "<count job='a' total='1' host-count='2'/><count job='b' total='3' host-count='4'/>" * 2
    sections, _, _ = drafted(f"<ms>{rows}</ms>")
    by_name = metrics(sections)
    assert set(by_name) == {"count_rows", "count_total_value", "count_host_count_value"}
    assert set(by_name["count_rows"]["labels"]) == {"count_job"}


def test_scales_numbers_to_base_units_that_their_names_tell(drafted):
    sections, _, found = drafted("<r><e wait-ms='1500' load-percent='50'/><e wait-ms='500' load-percent='75'/></r>")
    by_name = metrics(sections)
    assert by_name["r_e_wait_seconds"]["value"] == {"from": "@wait-ms", "aggregate": "sum", "scale": 0.001}
    assert by_name["r_e_load_ratio"]["value"] == {"from": "@load-percent", "aggregate": "max", "scale": 0.01}
    assert {2, 0.75} == set(found.values())


def test_declares_the_values_of_labels_that_check_would_take_for_identifiers(drafted):
    disks = "".join(f"<disk name='sd{letter}' errors='{len(letter)}'/>" for letter in "abcde")
    parts = "".join(f"<{name} size='1'/>" for name in ("disk", "net", "cpu", "ram", "gpu"))
    sections, _, _ = drafted(f"<r><disks>{disks}</disks><parts>{parts}</parts></r>")
    by_name = metrics(sections)
    assert by_name["r_disk_errors"]["labels"]["name"]["values"] == ["sda", "sdb", "sdc", "sdd", "sde"]
    assert by_name["r_parts_rows"]["labels"]["item"]["other"] == "other"


def test_leaves_out_labels_that_check_would_take_for_identifiers(drafted):
    shelves = "".join(f"<shelf title='t{n}'><book/></shelf>" for n in range(5)).replace("<book/>", "<book/><book/>", 1)
    seats = "".join(f"<seat letter='{letter}' price='{ord(letter) * 2}'/>" for letter in "abcde")
    sections, text, _ = drafted(f"<r><shelves>{shelves}</shelves><seats>{seats}</seats></r>")
    by_name = metrics(sections)
    assert "labels" not in by_name["r_book_rows"]
    assert "# left out: ../@title has too many values for so few rows" in text
    assert "labels" not in by_name["r_seat_price"]
    assert "# left out: @letter has another value in every row" in text


def test_adds_up_where_several_rows_share_a_series(drafted):
    rows = "<job kind='a' cost='1'/><job kind='b' cost='2'/>" * 4
    sections, text, found = drafted(f"<jobs>{rows}</jobs>")
    assert metrics(sections)["jobs_job_cost"]["value"]["aggregate"] == "sum"
    assert "# sum: several" not in text
    assert "# sum: a series has several rows" in text
    assert [value for series, value in found.items() if series.startswith("jobs_job_cost")] == [4, 8]


def test_tells_words_apart_that_repeat_in_few_rows(drafted):
    orders = "".join(
        f"<order status='{status}' from='{shop}'><amount currency='{currency}'>{amount}</amount></order>"
        for status, shop, currency, amount in (
            ("OPEN", "a", "EUR", 12.5),
            ("SENT", "a", "EUR", 7.5),
            ("OPEN", "b", "USD", 9),
        )
    )
    sections, _, found = drafted(f"<r>{orders}</r>")
    assert set(metrics(sections)["r_order_amount"]["labels"]) == {"status", "from", "currency"}
    assert sorted(value for series, value in found.items() if series.startswith("r_order_amount")) == [7.5, 9, 12.5]


def test_does_not_tell_words_apart_of_which_many_rows_have_their_own(drafted):
    many = "".join(f"<e word='w{n if n < 16 else 1}'/>" for n in range(20))
    few = "".join(f"<f word='w{n or 1}'/>" for n in range(7))
    sections, text, _ = drafted(f"<r><es>{many}</es><fs>{few}</fs></r>")
    assert [metric.get("labels") for metric in metrics(sections).values()] == [None, None]
    assert text.count("# left out: @word has too many values for so few rows") == 2


def test_tells_commands_that_work_as_they_stand(tmp_path):
    source, mapping = tmp_path / "sample.xml", tmp_path / "draft.yml"
    source.write_text("<a><b c='1'/><b c='2'/></a>")
    text = draft(source).out
    mapping.write_text(text)
    commands = re.findall("`xmlprom (.+?)`", text)
    assert commands[0].endswith("--source SAMPLE")
    assert len(commands) == 2
    for command in commands:
        words = [{"FILE": str(mapping), "SAMPLE": str(source)}.get(word, word) for word in command.split()]
        assert run(*words).status == 0


def test_takes_labels_from_ancestors(drafted):
    ports = "<port state='up'/><port state='up'/><port state='down'/><port state='down'/>"
    sections, _, _ = drafted(f"<net><switch name='a'>{ports}</switch><switch name='b'>{ports}</switch></net>")
    assert metrics(sections)["net_port_rows"]["labels"] == {
        "state": {"from": "@state", "values": ["up", "down"], "other": "other"},
        "name": "../@name",
    }


def test_leaves_out_numbers_that_name_something(drafted):
    rows = "".join(f"<e userId='{n * n}' portid='{n * 7}' humid='{n * 3}'/>" for n in range(4))
    sections, text, _ = drafted(f"<r>{rows}</r>")
    assert set(metrics(sections)) == {"r_e_rows", "r_e_humid"}
    assert text.count("looks like an identifier") == 2


def test_leaves_out_what_counts_the_rows_is_constant_or_free_text(drafted):
    rows = "".join(f"<e n='{n}' always='x' text='{'long' * 99}' mail='m{n}@x'/>" for n in range(30))
    sections, text, _ = drafted(f"<r>{rows}</r>")
    assert "# left out: @n counts the rows" in text
    assert "# left out: @always is always 'x' here" in text
    assert "# left out: @text holds long texts" in text
    assert "# left out: @mail has too many" in text
    assert [metric.get("labels") for metric in metrics(sections).values()] == [None]


NAMESPACES = (
    "<r xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:d'><p:row p:kind='a' n='2'/><p:row p:kind='a' n='4'/>"
    "<q:other><x xmlns='' v='1.5'/></q:other></r>"
)


def test_declares_the_namespaces_that_it_uses(drafted):
    sections, text, found = drafted(NAMESPACES)
    declared = yaml.safe_load(text)["namespaces"]
    assert sorted(declared.values()) == ["urn:d", "urn:p"]
    assert [section["rows"].count("p:row") for section in sections].count(1) == 1
    assert sorted(value for series, value in found.items() if "_n{" in series or "_v{" in series) == [1.5, 6]


def many_attributes(value):
    return " ".join(f"l{number}='v{value}'" for number in range(9))


STRANGE = {
    "the namespace xml": "<a>" + "<b xml:lang='de'/><b xml:lang='fr'/>" * 2 + "</a>",
    "ISO-8859-1": "<?xml version='1.0' encoding='ISO-8859-1'?><bäume><ä é='ü'/><ä é='ü'/></bäume>".encode("latin-1"),
    "one row": "<a><b c='d'/></a>",
    "nothing": "<a/>",
    "only text": "<a>7</a>",
    "no repeated elements": "<status><state>ok</state><load>0.5</load><since>2026-01-01</since></status>",
    "hyphens and dots": "<a-b><c.d e-f='1' g.h='x'/><c.d e-f='2' g.h='x'/></a-b>",
    "names that clash": (
        "<a><b c-d='1' c.d='2' c_d='3'/><b c-d='5' c.d='2' c_d='3'/><a_b c_d='4'/><x><b c-d='1'/></x></a>"
    ),
    "reserved labels": "<a>" + "<b path='x' le='y' quantile='z' __name__='w' __='v'/><b path='p'/>" * 4 + "</a>",
    "reserved metrics": "<node><go x='1'/><go x='2'/><process x='1'/></node>",
    "names that a path can't hold": "<a\u00b7b><c\u00b7d e='1'/><f/></a\u00b7b>",
    "an attribute that a path can't hold": "<a e\u00b7f='1'><b e\u00b7f='1' g='2'/><b e\u00b7f='1' g='2'/></a>",
    "other scripts": "<магазин><товар цена='5' вид='а'/><товар цена='7' вид='а'/></магазин>",
    "texts with all sorts of characters": "<a>" + "<b c='&#10;#: \"\\ &#x85;&#x2028;&#xfeff;'/><b c='é'/>" * 3 + "</a>",
    "words like YAML's": "<a>" + "<b c='null'/><b c='yes'/><b c='true'/><b c='~'/>" * 3 + "</a>",
    "many names": "<a>" + "".join(f"<b{n} c='1'/>" for n in range(200)) + "</a>",
    "many names of many shapes": "<a>" + "".join(f"<b{n} c{n}='1'/>" for n in range(200)) + "</a>",
    "huge numbers": "<a>" + "<b c='1e308'/><b c='9e307'/><b c='1e308'/>" + "</a>",
    "many labels": "<a>" + "".join(f"<b {many_attributes(n % 7)}/>" for n in range(70)) + "</a>",
    "elements in their like": "<a><b x='1'><a><b x='q'/><c><b x='2'/></c></a></b><c><b/></c></a>",
    "a number that is a long word once": f"<a><b c='1'/><b c='2'/><b c='3'/><b c='{'x' * 70}'/></a>",
    "a plain DOCTYPE": "<!DOCTYPE a SYSTEM 'a.dtd'><a><b c='1'/><b c='2'/></a>",
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_of_strange_samples_passes_too(content, drafted):
    sections, _, found = drafted(content)
    assert sections
    assert found or "rows" in sections[0]


def test_one_element_gives_its_numbers_and_facts(drafted):
    sections, _, found = drafted(STRANGE["no repeated elements"])
    assert set(metrics(sections)) == {"status_load", "status_since_timestamp_seconds", "status_info"}
    assert metrics(sections)["status_info"]["labels"] == {"state": "state"}
    assert sorted(found.values()) == [0.5, 1, 1767225600]


NAMES = st.sampled_from(["a", "b", "c", "a-b", "{urn:x}a", "id", "path", "count", "ms"])
TEXTS = st.sampled_from(
    [
        "",
        "1",
        "2",
        "3.5",
        "-4",
        "x",
        "y",
        "N/A",
        "5 C",
        "7 MB",
        "2026-01-02",
        "1e300",
        " ",
        "é'\"\\",
        "1795251600",
        "7 %",
    ]
)


def element(name, attributes, text, children):
    tag = name.rpartition("}")[2]
    start = f"{tag} xmlns='urn:x'" if name.startswith("{") else f"{tag} xmlns=''"
    escaped = {key: value.replace("'", "&apos;") for key, value in attributes.items()}
    written = "".join(f" {key}='{value}'" for key, value in escaped.items())
    return f"<{start}{written}>{text}{''.join(children)}</{tag}>"


ATTRIBUTES = st.dictionaries(
    st.sampled_from(["a", "b", "id", "n-m", "le", "job", "total", "name", "start"]), TEXTS, max_size=3
)
ELEMENTS = st.recursive(
    st.builds(element, NAMES, ATTRIBUTES, TEXTS, st.just([])),
    lambda inner: st.builds(element, NAMES, ATTRIBUTES, st.just(""), st.lists(inner, max_size=6)),
    max_leaves=25,
)


@pytest.mark.slow
@settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=list(HealthCheck),
)
@given(document=ELEMENTS)
def test_of_any_document_passes(document, drafted):
    drafted(document)


@pytest.fixture
def large(tmp_path):
    """Makes a sample with that many rows, of which hardly two are alike."""

    def make(rows):
        source = tmp_path / f"{rows}.xml"
        elements = (f"<e id='{n}' k='k{n % 3}' x='{n * 0.37}'><t>text {n}</t><t{n}/></e>" for n in range(rows))
        source.write_text(f"<r>{''.join(elements)}</r>")
        return str(source)

    return make


def test_of_a_large_sample_keeps_a_bounded_number_of_places_and_texts(large):
    row = survey(large(100_000)).root.children[0]
    assert row.count == 100_000
    assert len(row.children) <= 61
    assert {name: len(texts.values) for name, texts in row.attributes.items()} == {"id": 21, "k": 3, "x": 21}


def test_of_a_large_sample_takes_no_more_memory_than_of_a_small_one(large):
    def peak(source):
        tracemalloc.start()
        survey(source)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    survey(large(6_000))  # fills the cache of texts' kinds
    assert peak(large(18_000)) < peak(large(6_000)) * 1.1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the file does not exist"),
        (b"", "the file is empty"),
        (b"<a><b>", "not well-formed XML"),
        (b"no XML", "this is no XML"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "internal subset"),
        (b"<a>" * 101 + b"</a>" * 101, "nested deeper than 100"),
    ],
)
def test_a_bad_sample_gives_one_line_and_status_1(content, message, tmp_path):
    source = tmp_path / "sample.xml"
    if content is not None:
        source.write_bytes(content)
    result = draft(source)
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"xmlprom: {source}: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_wrong_command_line_gives_status_2(tmp_path):
    assert draft().status == 2
    source = tmp_path / os.fsdecode(b"caf\xe9.xml")
    source.write_text("<a/>")
    result = draft(source)
    assert (result.status, result.err.count("\n")) == (2, 1)


def test_a_path_with_odd_characters_stays_what_it_is(write):
    source = write("a 'b' #c [d]: é\n.xml", "<a><b c='1'/><b c='2'/></a>")
    mapping = write("draft.yml", draft(source).out)
    assert load(Path(mapping)).source == str(source)
    assert run("collect", mapping, "--dry-run").status == 0
