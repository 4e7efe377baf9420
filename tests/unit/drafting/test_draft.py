"""Drafts: from any sample, a mapping that passes `check` and `collect` as it is, and holds what matters."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from command import EXAMPLES, SCRIPT, Result, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xmlprom.drafting.sample_scan import scan
from xmlprom.mapping.loader import load
from xmlprom.reading import files


def draft(*arguments: object) -> Result:
    return run("draft", *arguments)


@pytest.mark.parametrize("source", sorted(EXAMPLES.glob("*.xml")), ids=lambda source: source.stem)
def test_of_every_example_passes_check_and_collect(source, tmp_path):
    mapping = tmp_path / "draft.yml"
    result = draft(source)
    assert (result.status, result.err) == (0, "")
    mapping.write_text(result.out)
    assert run("check", mapping, "--source", source).status == 0
    result = run("collect", mapping, "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert f'path="{source}"' in result.out
    assert draft(source).out == mapping.read_text()


NAMESPACES = (
    "<r xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:d'><p:row p:kind='a' hits='2'/><p:row p:kind='a' hits='4'/>"
    "<q:other><x xmlns='' v='1.5'/></q:other></r>"
)


def test_declares_the_namespaces_that_it_uses(drafted):
    draft = drafted(NAMESPACES)
    assert sorted(draft.mapping["namespaces"].values()) == ["urn:d", "urn:p"]
    assert draft.rows("r_row_hits") == "//p:row"
    assert draft.values("r_row_hits") == [6]
    assert draft.values("r_other_x") == [1.5]


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
    assert drafted(content).metrics


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
    row = scan([large(100_000)]).root.children["e"]
    assert row.count == 100_000
    assert len(row.children) <= 61
    assert {name: len(texts.values) for name, texts in row.attributes.items()} == {"id": 24, "k": 3, "x": 24}


def test_of_a_large_sample_takes_no_more_memory_than_of_a_small_one(large, monkeypatch):
    # As larger samples are read, which are not held to be compared, and are older.
    monkeypatch.setattr(files, "_MAX_COMPARED", 0)
    monkeypatch.setattr(files, "_tick", lambda _status: 0)

    def peak(source):
        tracemalloc.start()
        scan([source])
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    scan([large(12_000)])  # fills the cache of texts' kinds
    assert peak(large(36_000)) < peak(large(12_000)) * 1.1


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
    assert load(Path(mapping)).sources == (str(source),)
    assert run("collect", mapping, "--dry-run").status == 0


def test_source_is_where_the_file_is_on_the_hosts(write):
    sample = write("sample.xml", "<a><b c='1'/><b c='2'/></a>")
    mapping = write("draft.yml", draft(sample, "--source", "/var/lib/app/state.xml").out)
    assert load(str(mapping)).sources == ("/var/lib/app/state.xml",)
    result = draft(sample, "--source", "state.xml")
    assert (result.status, result.out) == (2, "")
    assert "absolute path" in result.err


def piped(content, *arguments):
    command = [sys.executable, SCRIPT, "draft", *arguments]
    return subprocess.run(command, input=content, capture_output=True, check=False, timeout=120)


def test_of_standard_input_is_that_of_the_file(write):
    content = (EXAMPLES / "store.xml").read_bytes()
    sample = write("sample.xml", content)
    named = piped(content, "-", "--source", str(sample))
    assert (named.returncode, named.stderr) == (0, b"")
    assert named.stdout.decode() == draft(sample).out
    without = piped(content, "-").stdout.decode()
    mapping = write("draft.yml", without)
    assert load(str(mapping)).sources == ()
    assert run("check", mapping, "--source", sample).status == 0


@pytest.mark.parametrize(("content", "message"), [(b"<a><b>", b"not well-formed XML"), (b"", b"the file is empty")])
def test_of_a_pipe_that_was_cut_fails(content, message):
    done = piped(content, "-")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"xmlprom: -: " + message)


def test_standard_input_is_read_once(write):
    done = piped(b"<a/>", "-", "-")
    assert (done.returncode, done.stdout) == (2, b"")
