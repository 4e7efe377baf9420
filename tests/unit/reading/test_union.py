"""`a|b` in a path: the first of several places, as XPath has it."""

from __future__ import annotations

from collections import Counter

import pytest
from command import run, samples
from lxml import etree
from xmlprom.mapping.path_parser import parse, parse_rows
from xmlprom.mapping.paths import PathError

ROWS = [
    "<row><b>1</b></row>",
    "<row><a>2</a><b>3</b></row>",
    "<row><b>3</b><a>2</a></row>",
    "<row><c d='4'><b>9</b></c><a>5</a></row>",
    "<row><c><b>9</b></c><a>6</a></row>",
    "<row><x/></row>",
]


@pytest.mark.parametrize("path", ["a|b", "b | a", "b|c/@d", "a|b|c/@d", "c/b/text()|a", "c/@d|c|a", "a|a"])
def test_is_the_first_place_in_the_document_as_in_xpath(path, write):
    rows = [etree.fromstring(row) for row in ROWS]
    source = write("source.xml", f"<rows>{''.join(ROWS)}</rows>")
    mapping = write("m.yml", f'rows: /rows/row\nmetrics:\n  - {{name: m, help: h, labels: {{x: "{path}"}}}}\n')
    result = run("collect", mapping, "--source", source, "--dry-run")
    expected = Counter(f'm{{path="{source}",x="{row.xpath(f"string({path})")}"}}' for row in rows)
    assert samples(result.out) == expected


def test_joins_names_and_absolute_paths(write):
    source = write("source.xml", "<rows><head><old>o</old></head><row><x/><bad/></row><row/></rows>")
    labels = '{outcome: {from: bad/name()|worse/name(), default: good}, host: "/rows/head/new|/rows/head/old"}'
    mapping = write("m.yml", f"rows: /rows/row\nmetrics:\n  - {{name: m, help: h, labels: {labels}}}\n")
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert set(samples(result.out)) == {
        f'm{{host="o",outcome="{outcome}",path="{source}"}}' for outcome in ("bad", "good")
    }


@pytest.mark.parametrize(
    ("path", "offset"),
    [
        ("a|/b", 2),
        ("../a|../../b", 5),
        ("a|b[.='1']", 2),
        ("a|../@b", 2),
        ("a|", 2),
        ("|a", 0),
        ("a|b/..", 4),
        ("a||b", 2),
    ],
)
def test_of_anything_else_is_refused(path, offset):
    with pytest.raises(PathError) as refused:
        parse(path, {})
    assert refused.value.offset == offset


def test_each_branch_has_one_match_or_says_that_the_first_counts(write):
    source = write("source.xml", "<rows><row><b/><a>1</a><a>2</a></row></rows>")
    mapping = write("m.yml", 'rows: /rows/row\nmetrics:\n  - {name: m, help: h, labels: {x: "PATH"}}\n')
    several = run("collect", mapping_with(mapping, "b|a"), "--source", source, "--dry-run")
    assert (several.status, several.out) == (1, "")
    assert "the path b|a matches more than once in a row of /rows/row: choose" in several.err
    for path, text in {"b|(a)[1]": "", "c|(a)[1]": "1", "(c|a)[1]": "1", "b|a[1]|a[2]": ""}.items():
        found = samples(run("collect", mapping_with(mapping, path), "--source", source, "--dry-run").out)
        assert found == {f'm{{path="{source}",x="{text}"}}': 1}


def mapping_with(mapping, path):
    file = mapping.with_name("with.yml")
    file.write_text(mapping.read_text().replace("PATH", path))
    return file


def test_rows_have_one_path():
    with pytest.raises(PathError, match="rows have one path"):
        parse_rows("/a/b|/a/c", {})


def test_a_bar_in_quotes_joins_nothing():
    path = parse("""a[@b='|']|c[@d="|"]/@e""", {})
    assert [branch.steps[0].predicates[0].text for branch in path.branches] == ["|", "|"]
