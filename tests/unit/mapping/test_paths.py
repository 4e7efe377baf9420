"""The grammar of paths: every form that is read, every one that is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xmlprom.mapping.paths import Path, PathError, Predicate, Step, parse, parse_rows

NAMESPACES = {"p": "urn:p", "q": "urn:q"}
A, B = Step("", "a"), Step("", "b")


def path(*steps, leaf="element", up=0, absolute=False):
    return Path("", absolute, up, tuple(steps), leaf)


def plain(found):
    """The path without its text."""
    return Path("", found.absolute, found.up, found.steps, found.leaf, tuple(plain(other) for other in found.others))


READ = {
    "a": path(A),
    "a/b": path(A, B),
    "a/@x": path(A, leaf="@x"),
    "a/b/text()": path(A, B, leaf="text()"),
    "a/name()": path(A, leaf="name()"),
    "@x": path(leaf="@x"),
    "@p:x": path(leaf="@{urn:p}x"),
    "text()": path(leaf="text()"),
    "name()": path(leaf="name()"),
    "../@x": path(leaf="@x", up=1),
    "../../../@p:x": path(leaf="@{urn:p}x", up=3),
    "../name()": path(leaf="name()", up=1),
    "*": path(Step(None, "*")),
    "{*}a": path(Step(None, "a")),
    "{*}*": path(Step(None, "*")),
    "p:a/q:b": path(Step("urn:p", "a"), Step("urn:q", "b")),
    "p:*": path(Step("urn:p", "*")),
    "text": path(Step("", "text")),
    "name/text": path(Step("", "name"), Step("", "text")),
    "été": path(Step("", "été")),
    "a.b-c_1": path(Step("", "a.b-c_1")),
    "_a": path(Step("", "_a")),
    "a[@x]": path(Step("", "a", (Predicate("x"),))),
    "a[@x='1']": path(Step("", "a", (Predicate("x", "1"),))),
    'a[@x="1"]/b': path(Step("", "a", (Predicate("x", "1"),)), B),
    "a[@x!='1']": path(Step("", "a", (Predicate("x", "1", True),))),
    "a[@x=''][@p:y]": path(Step("", "a", (Predicate("x", ""), Predicate("{urn:p}y")))),
    "a[ @x = 'it\"s]' ]": path(Step("", "a", (Predicate("x", 'it"s]'),))),
    "/a": path(A, absolute=True),
    "/a//b": path(A, Step("", "b", (), True), absolute=True),
    "//a/@x": path(Step("", "a", (), True), leaf="@x", absolute=True),
    "//*/text()": path(Step(None, "*", (), True), leaf="text()", absolute=True),
    "a | b/@x": Path("", False, 0, (A,), "element", (path(B, leaf="@x"),)),
}


@pytest.mark.parametrize("text", READ)
def test_is_read(text):
    found = parse(text, NAMESPACES)
    assert found.text == text
    assert plain(found) == READ[text]


REFUSED = {
    "": ("an empty path", 0),
    "/": ("the path ends with '/'", 1),
    "//": ("the path ends with '/'", 2),
    "a/": ("the path ends with '/'", 2),
    "///a": ("'/a' is not supported", 2),
    ".": ("'.' is not supported", 0),
    "./a": ("'.' is not supported", 0),
    "a/.": ("'.' is not supported", 2),
    "..": ("of an ancestor only attributes and name()", 0),
    "../a": ("of an ancestor only attributes and name()", 0),
    "../text()": ("of an ancestor only attributes and name()", 0),
    "../..": ("of an ancestor only attributes and name()", 3),
    "a/..": ("of an ancestor only attributes and name()", 2),
    "a/../@x": ("of an ancestor only attributes and name()", 2),
    "a//b": ("below a row '//' is not supported", 0),
    "a//@x": ("below a row '//' is not supported", 0),
    "//a//@x": ("'//' needs an element after it", 0),
    "//a//text()": ("'//' needs an element after it", 0),
    "//@x": ("'//' needs an element after it", 0),
    "/@x": ("an absolute path names an element first", 0),
    "/text()": ("an absolute path names an element first", 0),
    "@": ("after '@' stands an attribute's name", 0),
    "@*": ("after '@' stands an attribute's name", 0),
    "a/@{*}x": ("after '@' stands an attribute's name", 2),
    "@x/a": ("'@x' is the last step: nothing can follow it", 2),
    "@x[@y]": ("'@x' is the last step: nothing can follow it", 2),
    "text()/a": ("'text()/a' is not supported", 0),
    "name(.)": ("'name(.)' is not supported", 0),
    "a/count(b)": ("'count(b)' is not supported", 2),
    "child::a": ("'child::a' is not supported", 0),
    "a/ancestor-or-self::b": ("'ancestor-or-self::b' is not supported", 2),
    "node()": ("'node()' is not supported", 0),
    "$x": ("'$x' is not supported", 0),
    "1a": ("'1a' is not supported", 0),
    "-a": ("'-a' is not supported", 0),
    "a b": ("' b' is not supported", 1),
    " a": ("' a' is not supported", 0),
    "a[1]": ("a predicate looks at attributes only", 1),
    "a[last()]": ("a predicate looks at attributes only", 1),
    "a[b]": ("a predicate looks at attributes only", 1),
    "a[b='1']": ("a predicate looks at attributes only", 1),
    "a[@x=1]": ("a predicate looks at attributes only", 1),
    "a[@x and @y]": ("a predicate looks at attributes only", 1),
    "a[@x<'1']": ("a predicate looks at attributes only", 1),
    "a[@x='1'": ("a predicate looks at attributes only", 1),
    "b/a[]": ("a predicate looks at attributes only", 3),
    "a]": ("']' is not supported", 1),
    "r:a": ("the prefix 'r' is not declared", 0),
    "a/r:*": ("the prefix 'r' is not declared", 2),
    "@r:x": ("the prefix 'r' is not declared", 0),
    "a[@r:x]": ("the prefix 'r' is not declared", 2),
    "*:a": ("':a' is not supported", 1),
    "{urn:p}a": ("'{urn:p}a' is not supported", 0),
}


@pytest.mark.parametrize("text", REFUSED)
def test_is_refused(text):
    with pytest.raises(PathError) as refused:
        parse(text, NAMESPACES)
    message, offset = REFUSED[text]
    assert str(refused.value).startswith(message)
    assert refused.value.offset == offset


@pytest.mark.parametrize("text", ["/a", "//a", "/*", "/a[@x]//{*}b", "/p:a/*"])
def test_rows(text):
    assert parse_rows(text, NAMESPACES).steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "write /a or //a"),
        ("/a/@x", "rows are elements"),
        ("/a/text()", "rows are elements"),
        ("/a/name()", "rows are elements"),
        ("/a|/b", "rows have one path"),
        ("../a", "of an ancestor"),
    ],
)
def test_what_is_no_path_of_rows(text, message):
    with pytest.raises(PathError, match=message):
        parse_rows(text, NAMESPACES)


TOKENS = [
    "a",
    "p:",
    "r:",
    "*",
    "{*}",
    "/",
    "//",
    "@",
    "[@a]",
    "[@a='|']",
    "[",
    "]",
    "../",
    ".",
    "text()",
    "name()",
    "|",
]


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(TOKENS)).map("".join)))
@example("a['")
@example("\0")
@example("a|" * 500)
@example("a[@x='" + "'" * 501)
def test_anything_else_is_a_path_error(text):
    for parser in (parse, parse_rows):
        found, offset = text, 0
        try:
            found = parser(text, NAMESPACES).text
        except PathError as error:
            offset = error.offset
        assert found == text
        assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    ("step", "tags"),
    [
        ("a", ["a"]),
        ("*", ["a", "b", "{urn:p}a", "{urn:q}b"]),
        ("p:a", ["{urn:p}a"]),
        ("q:*", ["{urn:q}b"]),
        ("{*}a", ["a", "{urn:p}a"]),
        ("{*}*", ["a", "b", "{urn:p}a", "{urn:q}b"]),
    ],
)
def test_names_that_a_step_matches(step, tags):
    (found,) = parse(step, NAMESPACES).steps
    assert [tag for tag in ("a", "b", "{urn:p}a", "{urn:q}b") if found.matches(tag)] == tags
