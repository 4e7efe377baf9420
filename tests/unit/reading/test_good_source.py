"""Sources that look odd and are fine."""

from __future__ import annotations

import json

import pytest
from command import EXAMPLES, run, samples

BODY = "<store><orange operation='create'/></store>"
CONTENTS = {
    "DOCTYPE": f"<!DOCTYPE store>{BODY}".encode(),
    "DOCTYPE with a DTD that does not exist": f"<!DOCTYPE store SYSTEM 'none.dtd'>{BODY}".encode(),
    "DOCTYPE with a public identifier": f"<!DOCTYPE store PUBLIC '-//X//Y' 'http://localhost:1/y.dtd'>{BODY}".encode(),
    "predefined entities below a DTD": (
        b"<!DOCTYPE store SYSTEM 'x'><store><!-- &no; --><orange operation='create' x='&lt;&#65;'>&amp;"
        b"<![CDATA[&no;]]></orange></store>"
    ),
    "ISO-8859-1": f"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xe9 -->{BODY}".encode("latin-1"),
    "UTF-16": f"<?xml version='1.0' encoding='UTF-16'?>{BODY}".encode("utf-16"),
    "UTF-8 with a byte order mark": BODY.encode("utf-8-sig"),
    "encoding='utf8'": f"<?xml version='1.0' encoding='utf8'?>{BODY}".encode(),
    "multibyte encoding": f"<?xml version='1.0' encoding='EUC-JP'?>{BODY}".encode(),
    "comments and processing instructions": f"<?a b?><!-- <orange/> -->{BODY}<!-- end -->".encode(),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_is_counted(content, write):
    source = write("store.xml", content)
    result = run("collect", EXAMPLES / "store.yml", "--source", source, "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert samples(result.out)[f'store_rows{{item="orange",operation="create",path="{source}"}}'] == 1


def test_label_values_keep_the_documents_characters(write):
    content = "<?xml version='1.0' encoding='ISO-8859-1'?><store xmlns:x='urn:x'><pêche/><x:or-ange/><b.c/></store>"
    source = write("store.xml", content.encode("latin-1"))
    result = run("collect", EXAMPLES / "store.yml", "--source", source, "--dry-run")
    items = {series.split('"')[1] for series in samples(result.out) if "item" in series}
    assert items == {"pêche", "or-ange", "b.c"}


def test_label_values_are_escaped(write, tmp_path):
    mapping = write("m.yml", 'rows: /a\nmetrics:\n  - {name: m, help: h, labels: {x: "@x"}}\n')
    source = write("a.xml", '<a x="q&quot; b\\ n&#10;"/>')
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert 'm{path="' in result.out
    assert ',x="q\\" b\\\\ n\\n"} 1\n' in result.out


def test_a_link_to_a_regular_file_is_followed(tmp_path):
    (tmp_path / "link.xml").symlink_to(EXAMPLES / "store.xml")
    result = run("collect", EXAMPLES / "store.yml", "--source", tmp_path / "link.xml", "--dry-run")
    assert f'store_total_rows{{path="{tmp_path}/link.xml"}} 6\n' in result.out


def test_each_file_of_a_glob_is_a_value_of_path(write, tmp_path):
    write("a1.xml", BODY)
    write("a2.xml", "<store/>")
    result = run("collect", EXAMPLES / "store.yml", "--source", tmp_path / "a*.xml", "--dry-run")
    found = samples(result.out)
    assert found[f'store_total_rows{{path="{tmp_path}/a1.xml"}}'] == 1
    assert found[f'store_total_rows{{path="{tmp_path}/a2.xml"}}'] == 0
    assert result.out.count("# TYPE store_total_rows") == 1


COUNT = "rows: /s/a\nmetrics:\n  - {name: m, help: h}\n"
TREE = ("a.xml", "x/a.xml", "x/y/a.xml", "x/y/b.xml", "x/.hidden/a.xml", ".a.xml", "[z]/a.xml")
GLOBS = {
    "**/a.xml": ["[z]/a.xml", "a.xml", "x/a.xml", "x/y/a.xml"],
    "**": ["[z]/a.xml", "a.xml", "x/a.xml", "x/y/a.xml", "x/y/b.xml"],
    "x/**/**/y/*.xml": ["x/y/a.xml", "x/y/b.xml"],
    "**/y/**/b.xml": ["x/y/b.xml"],
    "?/**/a.xml": ["x/a.xml", "x/y/a.xml"],
    "[[]z]/**": ["[z]/a.xml"],
}


def paths(result, directory):
    assert result.status == 0, result.err
    return [
        line.split('"')[1].replace(f"{directory}/", "") for line in result.out.splitlines() if line.startswith("m{")
    ]


@pytest.fixture
def tree(tmp_path):
    directory = tmp_path / "tree"
    for name in TREE:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("<s><a/></s>")
    (directory / "x" / "y" / "loop").symlink_to(directory)
    (directory / "x" / "loop").symlink_to("..")
    return directory


@pytest.mark.parametrize(("pattern", "expected"), GLOBS.items(), ids=GLOBS)
def test_directories_of_any_depth(pattern, expected, tree, write):
    mapping = write("m.yml", f"source: '{tree}/{pattern}'\n{COUNT}")
    assert paths(run("collect", mapping, "--dry-run"), tree) == expected
    assert paths(run("collect", mapping, "--source", f"{tree}/{pattern}", "--dry-run"), tree) == expected


def test_paths_and_globs_of_a_list_are_read_once_each(tree, write):
    mapping = write("m.yml", f"source: ['{tree}/x/y/b.xml', '{tree}/**/y/*.xml', '{tree}/a*']\n{COUNT}")
    found = ["x/y/b.xml", "x/y/a.xml", "a.xml"]
    assert paths(run("collect", mapping, "--dry-run"), tree) == found
    explained = json.loads(run("explain", mapping, "--json").out)
    assert [one["path"] for one in explained] == [f"{tree}/{path}" for path in found]


def test_a_path_that_is_not_utf8(tmp_path):
    source = tmp_path / "caf\udce9.xml"
    source.write_text(BODY)
    result = run("collect", EXAMPLES / "store.yml", "--source", tmp_path / "caf*.xml", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert 'caf\\\\xe9.xml"} 1' in result.out


def test_an_ampersand_in_an_attribute_is_one_character(write):
    mapping = write("m.yml", "rows: /s[@v='a&b']/*\nmetrics:\n  - {name: m, help: h, labels: {x: '@v', t: text()}}\n")
    source = write("s.xml", '<s v="a&amp;b"><r v="R&amp;D &#38; &amp;#38; &lt;">x&amp;y</r></s>')
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert 'x="R&D & &#38; <"' in result.out
    assert 't="x&y"' in result.out
