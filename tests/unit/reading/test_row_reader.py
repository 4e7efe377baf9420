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
    ("//row", "kind"): {"one": 3, "": 5, "two and more": 6},
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
        "    value: {from: size, aggregate: sum}\n",
    )
    source = write("a.xml", ROW)
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert result.err == ""
    assert samples(result.out) == {
        f'm{{path="{source}",x="{text}"}}': total for text, total in SUMS[rows, label].items()
    }
