"""Sources, mappings and `.prom` files at random: xmlprom refuses them, or the real node_exporter serves all of it.

Oracle is the whole-tree evaluation of `test_against_xpath`. The cases are the same in every run; their
number is at the end of pytest's output.
"""

from __future__ import annotations

import contextlib
import os
import random
import string
from pathlib import Path
from xml.sax.saxutils import quoteattr

from command import EXAMPLES
from exporter import samples_of
from fuzzing import BATCH, Case, count, serves_exactly_what_is_expected, share, tried
from hypothesis import given
from hypothesis import strategies as st
from test_against_xpath import a_document, a_mapping, a_mapping_of_start_tags
from xmlprom.commands import collector_run
from xmlprom.errors import MappingError, RunError
from xmlprom.mapping.loader import load
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.conflicts import check_publishable

SEEDS = st.lists(st.integers(0, 2**64), min_size=BATCH, max_size=BATCH)

# Documents and mappings of every form, with plain texts


def a_case(seed):
    draw = random.Random(seed)
    make = a_mapping if draw.random() < 0.8 else a_mapping_of_start_tags
    source, mapping = a_document(draw), make(draw)
    mapping.pop("max_age", None)  # the sources are old
    return Case(source.encode(), mapping)


@share(0.2)
@given(seeds=SEEDS)
def test_any_mapping_of_any_document(seeds, exporter, tmp_path_factory):
    serves_exactly_what_is_expected(list(map(a_case, seeds)), exporter, tmp_path_factory.mktemp("case"))


# A few forms of mappings, with texts that are hard to carry

ODD = [
    *"\t\n\r\\\"'{}#,=&<> ",
    "\x7f",
    "\x85",
    "\xa0",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffd",
    "é",
    "\u0300",
    "\U0001f34a",
]
XML_CHARACTERS = st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff")
TEXTS = st.one_of(
    st.text(st.one_of(st.sampled_from(ODD), XML_CHARACTERS), max_size=12),
    st.sampled_from(
        ["", " ", "a", "other", "+Inf", 'a"} 1\n# TYPE x gauge', "\\n", "\\", "1 2", "__x", "x" * 256, "x" * 257]
    ),
)
NUMBERS = st.one_of(
    st.floats(0, 1e300).map(repr),
    st.integers(0, 2**70).map(str),
    st.sampled_from(
        [
            "",
            " 7 ",
            "+.5",
            "5.",
            "1e308",
            "1e-400",
            "9" * 400,
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "0x10",
            "1_0",
            "١٢",
            "７",
            "1,5",
            "1.2.3",
            "45 C",
            "-0",
            "−1",
            "\u20091",
            "1\x85",
        ]
    ),
)
TAGS = ["orange", "fraise", "été", "a-b", "a.b", "_"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii", "windows-1252", "koi8-r"]


@st.composite
def sources(draw):
    """One element per row, with `v`, `n` and a text."""
    rows = []
    for tag, value, number, text in draw(
        st.lists(st.tuples(st.sampled_from(TAGS), TEXTS, NUMBERS, TEXTS), min_size=0, max_size=6)
    ):
        row = "".join(
            f" {name}={quoteattr(held, ESCAPES)}" for name, held in (("v", value), ("n", number)) if held != "a"
        )
        rows.append(f"<{tag}{row}>{quoteattr(text, ESCAPES)[1:-1]}</{tag}>")
    encoding = draw(st.sampled_from(ENCODINGS))
    declared = encoding.replace("-sig", "")
    document = f'<?xml version="1.0" encoding="{declared}"?><store>{"".join(rows)}</store>'
    return document.encode(encoding, "xmlcharrefreplace")


ESCAPES = {character: f"&#{ord(character)};" for character in "\t\n\r\x85\u2028\"'"}


@st.composite
def mappings(draw):
    labels = draw(
        st.dictionaries(
            st.sampled_from(["item", "v", "text", "a_b", "instance"]),
            st.one_of(
                st.fixed_dictionaries({"from": st.sampled_from(["name()", "@v", "@n", "text()", "@none"])}),
                st.fixed_dictionaries(
                    {
                        "from": st.sampled_from(["name()", "@v"]),
                        "values": st.lists(TEXTS, min_size=1, max_size=3, unique=True),
                        "other": TEXTS,
                        "default": TEXTS,
                    }
                ),
            ),
            max_size=3,
        )
    )
    value = {"from": "@n", **draw(st.sampled_from([{}, {"invalid": "skip"}, {"offset": -2, "invalid": "skip"}]))}
    aggregate = {"aggregate": draw(st.sampled_from(["sum", "min", "max", "last"]))}
    help_ = draw(st.one_of(st.just("h"), TEXTS))
    metrics = [
        {"name": "rows", "help": help_, "type": "gauge", "labels": labels},
        {"name": "n", "help": "h", "type": "gauge", "labels": labels, "value": {**value, **aggregate}},
        {"name": "sum_total", "help": "h", "type": "counter", "labels": {}, "value": {**value, "aggregate": "sum"}},
        {
            "name": "h",
            "help": "h",
            "type": "histogram",
            "labels": labels,
            "value": value,
            "buckets": [-1, 0, 1e3, 1e21],
        },
        {"name": "s", "help": "h", "type": "summary", "labels": labels, "value": value},
        {"name": "v_info", "help": "h", "type": "info", "labels": labels},
    ]
    chosen = draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=4, unique_by=lambda metric: metric["name"]))
    constant = draw(st.dictionaries(st.sampled_from(["team", "b", "v"]), TEXTS, max_size=1))
    return {"labels": constant, "sections": [{"rows": "/store/*", "metrics": chosen}]}


@st.composite
def odd_cases(draw):
    return Case(draw(sources()), draw(mappings()))


@share(0.15)
@given(cases=st.lists(odd_cases(), min_size=BATCH, max_size=BATCH))
def test_texts_that_are_hard_to_carry(cases, exporter, tmp_path_factory):
    serves_exactly_what_is_expected(cases, exporter, tmp_path_factory.mktemp("case"))


# Bytes changed at random: nobody knows what to expect, but it is served or refused

EXAMPLE_SOURCES = sorted(EXAMPLES.glob("*.xml"))
PIECES = [
    b"<",
    b">",
    b"&",
    b'"',
    b"'",
    b"/",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?p?>",
    b"&foo;",
    b"&#0;",
    b"\0",
    b"\xff",
]
PIECES += [b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY e 'f'>]>", b"xmlns='u'", b"\r", b"\xc3\xa9", b"\xef\xbb\xbf", b" "]


def mutated(content, draw, pieces, most):
    content = bytearray(content)
    for _ in range(draw.randint(1, most)):
        at = draw.randrange(len(content) + 1)
        length = draw.choice([0, 0, 1, 1, 2, 8, 64])
        content[at : at + length] = draw.choice([b"", draw.choice(pieces), bytes([draw.randrange(256)])])
    return bytes(content)


def run_mutated(seed, number, directory, scratch):
    """Collect a changed example; returns the series of its data file."""
    draw = random.Random(seed)
    original = draw.choice(EXAMPLE_SOURCES)
    source = scratch / f"c{number}.xml"
    source.write_bytes(mutated(original.read_bytes(), draw, PIECES, 3))
    os.utime(source, (1_700_000_000,) * 2)  # no source that is being written
    mapping = load(original.with_suffix(".yml"))
    job = collector_run.Job(mapping, (str(source),), {}, CollectorFiles(f"c{number}", str(directory)))
    try:
        collector_run.run(job)
        tried["published"] += 1
    except RunError as error:
        count(error)
    return dict(samples_of(Path(job.files.data).read_text())) if Path(job.files.data).exists() else {}


@share(0.1)
@given(seeds=SEEDS)
def test_changed_bytes_of_the_examples(seeds, exporter, tmp_path_factory):
    exporter.empty()
    scratch = tmp_path_factory.mktemp("case")
    written = {}
    for number, seed in enumerate(seeds):
        written.update(run_mutated(seed, number, exporter.directory, scratch))
    scrape = exporter.scrape()
    assert scrape.error == 0
    assert {series: value for series, value in scrape.series.items() if not series[0].startswith("xmlprom_")} == written


# Several files: what the last check accepts is served

PARTS = [b"# HELP ", b"# TYPE ", b"gauge", b"counter", b"histogram", b"summary", b"untyped", b"m", b"m_count", b"m_sum"]
PARTS += [
    b"m_bucket",
    b" ",
    b"\t",
    b"{",
    b"}",
    b",",
    b"=",
    b'"',
    b"\\",
    b"\\n",
    b"\n",
    b"\r",
    b"1",
    b"NaN",
    b"-Inf",
    b"e5",
]
PARTS += [
    b'x="1"',
    b'x=""',
    b'y="2"',
    b'__x="1"',
    b'le="1"',
    b'le="+Inf"',
    b'quantile="0.5"',
    b"#",
    b"_",
    b"\xc3\xa9",
    b"\xff",
]
PROM_FILES = [
    b'# HELP m h\n# TYPE m gauge\nm{x="1"} 1\nm{x="2"} 2\n',
    b"# HELP m h\n# TYPE m summary\nm_sum 1\nm_count 1\n",
    b'# HELP m h\n# TYPE m histogram\nm_bucket{le="1"} 1\nm_bucket{le="+Inf"} 1\nm_sum 1\nm_count 1\n',
    b"# HELP m_count h\n# TYPE m_count counter\nm_count 1\n",
    b"# HELP m_total h\n# TYPE m_total counter\nm_total 1\n",
    b"m 1\n",
    b"# HELP m h\n# TYPE m gauge\n",
]


def a_prom_file(draw):
    content = draw.choice(PROM_FILES)
    if draw.random() < 0.5:
        content = content.replace(b"m", draw.choice([b"m", b"n", b"o"]))
    return mutated(content, draw, PARTS, 3) if draw.random() < 0.8 else content


def files_beside_each_other(seed, directory):
    """Write those of many files that don't conflict with the ones before; returns their series."""
    draw = random.Random(seed)
    written = {}
    for number in range(BATCH):
        content = a_prom_file(draw)
        files = CollectorFiles(str(number), str(directory))
        try:
            check_publishable(content, files)
        except RunError as error:
            count(error)
        else:
            tried["published"] += 1
            Path(files.data).write_bytes(content)
            written.update(samples_of(content.decode()))
    return written


@share(0.35)
@given(seed=st.integers(0, 2**64))
def test_files_beside_each_other(seed, exporter):
    exporter.empty()
    written = files_beside_each_other(seed, exporter.directory)
    scrape = exporter.scrape()
    assert scrape.error == 0
    assert written.keys() <= scrape.series.keys(), describe(exporter)
    for (name, labels), value in written.items():
        if not name.endswith(("_bucket", "_count")):  # those of a histogram become whole numbers
            assert repr(scrape.series[name, labels]) == repr(value), describe(exporter)
    more = scrape.series.keys() - written.keys()  # it completes a histogram that lacks something
    assert all(name.endswith(("_bucket", "_sum", "_count")) for name, _ in more), describe(exporter)


def describe(exporter):
    return {path.name: path.read_bytes() for path in sorted(exporter.directory.iterdir())}


# Mappings as text

YAML_PIECES = [
    b": ",
    b"- ",
    b"\n",
    b"  ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"&a ",
    b"*a",
    b"!!int ",
    b"'",
    b'"',
    b"|",
    b">",
    b"%",
    b"@",
    b"\0",
]
YAML_PIECES += [
    b"name",
    b"labels",
    b"value",
    b"from",
    b"1e999",
    b"~",
    b"?",
    b"<<",
    b"\\",
    b"%Y-%q",
    b"//",
    b"[@",
    b"\xff",
    b"\xc2\x85",
]


@share(0.1)
@given(seeds=SEEDS, texts=st.lists(st.text(string.printable, max_size=60), min_size=BATCH, max_size=BATCH))
def test_a_mapping_of_any_text_is_loaded_or_refused(seeds, texts, tmp_path_factory):
    file = tmp_path_factory.mktemp("mapping") / "m.yml"
    examples = [path.read_bytes() for path in sorted(EXAMPLES.glob("*.yml"))]
    for seed, text in zip(seeds, texts):
        draw = random.Random(seed)
        for content in (text.encode(), mutated(draw.choice(examples), draw, YAML_PIECES, 4)):
            file.write_bytes(content)
            tried["mapping read"] += 1
            with contextlib.suppress(MappingError):
                load(file)
