"""Texts of elements, where the reader takes a short way and where it can't."""

from __future__ import annotations

import pytest
from command import run, samples

ROW = """
<r>
  <row><kind v="1">one</kind><kind v="2">two <b>and</b> more</kind><size>3</size><size>4</size></row>
  <row><size>5</size><row><kind v="2">two <b>and</b> more</kind><size>6</size></row></row>
</r>
"""
SUMS = {
    ("//row", "(kind)[1]"): {"one": 3, "": 5, "two and more": 6},
    ("//row", "kind[@v='2']"): {"two and more": 9, "": 5},
    ("/r/row", "kind[@v='1']"): {"one": 3, "": 5},
    ("/r/row", "kind/b"): {"and": 3, "": 5},
    ("/r/row", "kind[@v='2']/text()"): {"two  more": 3, "": 5},
    ("/r/row", "row/kind"): {"": 3, "two and more": 5},
    ("/r/row", "row"): {"": 3, "two and more6": 5},
}


@pytest.mark.parametrize(("rows", "label"), SUMS, ids=map("{0[0]} {0[1]}".format, SUMS))
def test_texts(rows, label, write):
    mapping = write(
        "m.yml",
        f'rows: {rows}\nmetrics:\n  - name: m\n    help: h\n    labels: {{x: "{label}"}}\n'
        '    value: {from: "(size)[1]", aggregate: sum}\n',
    )
    source = write("a.xml", ROW)
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert result.err == ""
    assert samples(result.out) == {
        f'm{{path="{source}",x="{text}"}}': total for text, total in SUMS[rows, label].items()
    }


def collected(write, rows, label, source, more=""):
    mapping = write("m.yml", f'rows: {rows}\nmetrics:\n  - {{name: m, help: h, labels: {{x: "{label}"}}{more}}}\n')
    return run("collect", mapping, "--source", write("a.xml", source), "--dry-run")


def test_several_matches_of_a_short_way_fail(write):
    result = collected(write, "/r/row", "kind", ROW)
    assert (result.status, result.out) == (1, "")
    assert "the path kind matches more than once in a row of /r/row: choose with a predicate" in result.err


def test_rows_that_are_not_selected_may_have_several_matches(write):
    source = "<r><row s='1'><k>a</k></row><row><k>a</k><k>b</k></row></r>"
    assert samples(collected(write, "/r/row", "k", source, ', where: {"@s": "1"}').out)
    assert collected(write, "/r/row", "k", source).status == 1


HOSTS = "<r><h><n>a</n><p/><p/></h><h><p/><n>b</n></h><h><p/></h>{}</r>"


def test_a_text_around_rows_that_comes_behind_them(write):
    result = collected(write, "/r/h/p", "../n", HOSTS)
    assert sorted(samples(result.out).values()) == [1, 1, 2]


@pytest.mark.parametrize("host", ["<h><n>a</n><n>b</n><p/></h>", "<h><p/><n>a</n><n>b</n></h>"])
def test_several_texts_around_a_row_fail(host, write):
    result = collected(write, "/r/h/p", "../n", HOSTS.format(host))
    assert result.status == 1
    assert "the path ../n matches more than once in /r/h (the 4th): choose" in result.err


def test_rows_wait_within_a_limit(write):
    rows = "".join(f"<p i='{number}'/>" for number in range(9))
    source = f"<r>{rows}<n>a</n></r>"
    labels = '../n", i: "@i'
    assert len(samples(collected(write, "/r/p", labels, source).out)) == 9
    more = "}\nlimits: {held: 8"
    result = collected(write, "/r/p", labels, source, more)
    assert result.status == 1
    assert "more than 8 rows or table entries wait for ../n of /r (the 1st): it comes after them" in result.err


def test_equal_rows_wait_as_one(write):
    source = f"<r>{'<p/>' * 100}<n>a</n></r>"
    assert list(samples(collected(write, "/r/p", "../n", source, "}\nlimits: {held: 1").out).values()) == [100]


def test_a_join_without_a_partner_fails(write):
    source = "<r><t p='1'>a</t><v p='1'/><v p='2'/></r>"
    result = collected(write, "/r/v", "../t[@p=current()/@p]", source)
    assert result.status == 1
    assert "no partner for the row's '2': ../t[@p=current()/@p] matches nothing in /r (the 1st)" in result.err


def test_lists_of_different_lengths_fail(write):
    source = "<r><t>a b c</t><v>1 2</v></r>"
    result = collected(write, "/r/v/tokenize(.)", "../t/tokenize(.)[current()/position()]", source)
    assert result.status == 1
    assert "../t has 3 words, /r/v/tokenize(.) has 2: they can't be joined by position" in result.err


def test_a_position_of_a_word_needs_rows_of_words(write):
    result = collected(write, "/r/v", "../t/tokenize(.)[current()/position()]", "<r/>")
    assert result.status == 2
    assert "needs rows that are words" in result.err
