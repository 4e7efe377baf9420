"""The grammar of paths: every form that is read, every one that is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xmlprom.mapping.path_parser import parse, parse_rows
from xmlprom.mapping.paths import Key, Path, PathError, Predicate, Step, Words

NAMESPACES = {"p": "urn:p", "q": "urn:q"}
A, B = Step("", "a"), Step("", "b")


def path(*steps, leaf="element", up=0, absolute=False, words=None, take="one"):
    return Path("", absolute, up, tuple(steps), leaf, (), words, take)


def plain(found):
    """The path without its text."""
    return found._replace(text="", others=tuple(plain(other) for other in found.others))


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
    ".": path(),
    "../a": path(A, up=1),
    "../../a/b/@x": path(A, B, leaf="@x", up=2),
    "a/@{*}x": path(A, leaf="@{*}x"),
    "a[@{*}x='1']": path(Step("", "a", (Predicate("{*}x", "1"),))),
    "a[1]": path(Step("", "a", (1,))),
    "a[@x][ 2 ]/b": path(Step("", "a", (Predicate("x"), 2)), B),
    "/a/b[2]": path(A, Step("", "b", (2,)), absolute=True),
    "(a/b)[1]": path(A, B, take="first"),
    "( a )[ 1 ]": path(A, take="first"),
    "a[b='1']": path(Step("", "a", key=Key("child", B, "1"))),
    "a[ . = '1' ]/b": path(Step("", "a", key=Key(".", None, "1")), B),
    "a[.='1']/following-sibling::b[2]/@x": path(
        Step("", "a", key=Key(".", None, "1")), Step("", "b", (2,), sibling=True), leaf="@x"
    ),
    "../a[@x=current()/@y]": path(Step("", "a", key=Key("@x", None, None, Path("@y", False, 0, (), "@y"))), up=1),
    "../a[b=current()/.]": path(Step("", "a", key=Key("child", B, None, Path(".", False, 0, (), "element"))), up=1),
    "following-sibling::a": path(Step("", "a", sibling=True)),
    "a/tokenize(.)[2]": path(A, words=Words(None, 2)),
    "a/@x/tokenize( . , ',' )[ last() ]": path(A, leaf="@x", words=Words(",", -1)),
    "tokenize(.)[1]": path(words=Words(None, 1)),
    "../a/tokenize(.)[current()/position()]": path(A, up=1, words=Words(None, 0)),
    "a | b/@x": Path("", False, 0, (A,), "element", (path(B, leaf="@x"),)),
}


@pytest.mark.parametrize("text", READ)
def test_is_read(text):
    found = parse(text, NAMESPACES)
    assert found.text == text
    assert plain(found) == READ[text]


REFUSED = {
    "": ("an empty path", 0),
    "/": ("the path ends too early: an element's name, '@name' or text() is", 1),
    "//": ("the path ends too early: an element's name, '@name' or text() is", 2),
    "a/": ("the path ends too early: an element's name, '@name' or text() is", 2),
    "///a": ("'/a' is not supported: paths have names, '*', '@name', text(),", 2),
    "./a": ("'./' is left out: a/b starts at the row; '.' alone is the row's text", 0),
    "a/.": ("'./' is left out: a/b starts at the row; '.' alone is the row's text", 2),
    "..": ("of an element around the row there is ../@name, ../name(), or a child", 0),
    "../text()": ("of an element around the row there is ../@name, ../name(), or a child", 0),
    "../..": ("of an element around the row there is ../@name, ../name(), or a child", 3),
    "a/..": ("of an element around the row there is ../@name, ../name(), or a child", 2),
    "a/../@x": ("of an element around the row there is ../@name, ../name(), or a child", 2),
    "a//b": ("below a row '//' is not supported: write the steps out, '*' stands", 0),
    "a//@x": ("below a row '//' is not supported: write the steps out, '*' stands", 0),
    "//a//@x": ("'//' needs an element after it: write //*/ for any", 5),
    "//a//text()": ("'//' needs an element after it: write //*/ for any", 5),
    "//@x": ("'//' needs an element after it: write //*/ for any", 2),
    "/@x": ("an absolute path names an element first: /root/@name", 0),
    "/text()": ("an absolute path names an element first: /root/@name", 0),
    "@": ("expected an attribute name after '@'", 0),
    "@*": ("'@*' is not supported: write the attribute's name; @{*}a is a in any", 0),
    "@x/a": ("'@x' is the last step: nothing can follow it", 2),
    "@x[@y]": ("'@x' is the last step: nothing can follow it", 2),
    "text()/a": ("'text()' is the last step: nothing can follow it", 6),
    "name(.)": ("'name(.)' is not supported: paths have names, '*', '@name', text(),", 0),
    "a/count(b)": ("'count(b)': sum() and count() are written around the whole path:", 2),
    "child::a": ("'child::' is left out: a/b", 0),
    "a/ancestor-or-self::b": ("'ancestor-or-self::' is not supported: '../' once per level", 2),
    "node()": ("'node()' is not supported: paths have names, '*', '@name', text(),", 0),
    "$x": ("'$x' is not supported: there are no variables", 0),
    "1a": ("'1a' is not supported: paths have names, '*', '@name', text(),", 0),
    "-a": ("'-a' is not supported: paths have names, '*', '@name', text(),", 0),
    "a b": ("' b' is not supported: paths have names, '*', '@name', text(),", 1),
    " a": ("' a' is not supported: paths have names, '*', '@name', text(),", 0),
    "a[last()]": ("the last one is not known while the file streams by: [1], a", 1),
    "a[b]": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 1),
    "a[@x=1]": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 1),
    "a[@x and @y]": ("write [@a][@b] for 'and'; for 'or' a union with '|', or where with a", 1),
    "a[@x<'1']": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 1),
    "a[@x='1'": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 1),
    "b/a[]": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 3),
    "a]": ("']' is not supported: paths have names, '*', '@name', text(), name(),", 1),
    "r:a": ("the prefix 'r' is not declared: add it to `namespaces`, or write {*}", 0),
    "a/r:*": ("the prefix 'r' is not declared: add it to `namespaces`, or write {*}", 2),
    "@r:x": ("the prefix 'r' is not declared: add it to `namespaces`, or write {*}", 0),
    "a[@r:x]": ("the prefix 'r' is not declared: add it to `namespaces`, or write {*}", 2),
    "*:a": ("':a' is not supported: paths have names, '*', '@name', text(),", 1),
    "{urn:p}a": ("'{urn:p}a' is not supported: paths have names, '*', '@name', text(),", 0),
    "b//c": ("below a row '//' is not supported: write the steps out, '*' stands", 0),
    "job[@a and @b]": ("write [@a][@b] for 'and'; for 'or' a union with '|', or where with a", 3),
    "job[@a or @b]": ("write [@a][@b] for 'and'; for 'or' a union with '|', or where with a", 3),
    "b[name!='t']": ("only '=' is supported here: exclude rows with where: {not: …}", 1),
    "b[.!='t']": ("only '=' is supported here: exclude rows with where: {not: …}", 1),
    "b[position()<3]": ("'position()' is not supported: [1], or rows of their own", 1),
    "preceding-sibling::b[1]": ("'preceding-sibling::' is not supported: make b the row:", 0),
    "parent::a": ("'parent::' is written '../'", 0),
    "ancestor::b/@a": ("'ancestor::' is not supported: '../' once per level", 0),
    "count(b)": ("count() is for values only; to ask whether there is a match: where:", 0),
    "../following-sibling::b": ("'following-sibling::' goes on from the row or from a key,", 3),
    "a[b='1'][c='2']": ("nothing can follow a predicate of a child's text: (b[c='t'])[1] is", 8),
    "a[b='1'][2]": ("nothing can follow a predicate of a child's text: (b[c='t'])[1] is", 8),
    "/a[b='1']/c": ("a path from the root has predicates of attributes only; use where:", 0),
    "b[@a=current()/@a]": ("current() joins the row with what is around it: ../b[@a=current()/@a]", 0),
    "../b[@a=current()]": ("current() is the row: write current()/@name, or current()/. for its", 4),
    "tokenize(.)": ("which word? Write its number behind it, tokenize(.)[1], or [last()]", 0),
    "b/tokenize(.)": ("which word? Write its number behind it, tokenize(.)[1], or [last()]", 0),
    "b/tokenize(.)[0]": ("positions count from 1", 2),
    "b/tokenize(@x)[1]": ("tokenize() takes the text before it: b/tokenize(.) or b/tokenize(.,", 2),
    "name()/tokenize(.)[1]": ("'name()' is the last step: nothing can follow it", 6),
    "(a/b)": ("parentheses are for the first of all matches: (a/b)[1]", 0),
    "(a/b)[2]": ("parentheses are for the first of all matches: (a/b)[1]", 0),
    "a|../b": ("the branches of '|' start at different elements", 2),
    "a|/b": ("the branches of '|' start at different elements", 2),
    "//a[1]/b": ("a position behind '//' would count among each parent's children:", 3),
    "a[0]": ("positions count from 1", 1),
    "a[01]": ("positions count from 1", 1),
    "following-sibling::a[@x]": ("of a following sibling only the position can be said:", 20),
    "following-sibling::a/b": ("of a following sibling its text, an attribute or name() can be had", 21),
    "a/following-sibling::b": ("'following-sibling::' goes on from the row or from a key,", 2),
    "/a/following-sibling::b": ("'following-sibling::' goes on from the row or from a key,", 3),
    "a[b='1": ("a predicate is [@name], [@name='text'], [@name!='text'], [1],", 1),
    "a|(b": ("the path ends too early: an element's name, '@name' or text() is", 4),
    "sum(a": ("sum() is for values only; to ask whether there is a match: where: {b:", 0),
    "a/tokenize(., '')[1]": ("tokenize() takes a separator in quotes: tokenize(., ',')", 2),
    "a/tokenize(., ',)[1]": ("tokenize() takes a separator in quotes: tokenize(., ',')", 2),
    "{*}a[1]/@{*}": ("expected an attribute name after '@'", 8),
    "a[@x='1']b": ("'b' is not supported: paths have names, '*', '@name', text(), name(),", 9),
    "(a)[1]/b": ("'/b' is not supported: paths have names, '*', '@name', text(),", 6),
    "../a[b='1']/c[d='2']": ("one [child='t'] or current() in a path; attributes may have several", 0),
    "a|b/tokenize(.)[1]": ("the branches of '|' take different words", 2),
    "(a/b|a[c='1'])[1]": ("the branches of '|' have their predicate of a child's text at", 5),
}


@pytest.mark.parametrize("text", REFUSED)
def test_is_refused(text):
    with pytest.raises(PathError) as refused:
        parse(text, NAMESPACES)
    message, offset = REFUSED[text]
    assert str(refused.value).startswith(message)
    assert refused.value.offset == offset


@pytest.mark.parametrize("text", ["/a", "//a", "/*", "/a[@x]//{*}b", "/p:a/*", "/a/b[2]/c", "/a/tokenize(.)"])
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
        ("../a", "write /../a or"),
        ("(/a)[1]", "rows are all elements"),
        ("/a[b='1']", "use where"),
        ("/a/tokenize(.)[1]", "each word is a row"),
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
    "[1]",
    "[.='a']",
    "[a=current()/@a]",
    "following-sibling::",
    "/tokenize(.)",
    "[last()]",
    "(",
    ")",
    "sum(",
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


@pytest.mark.parametrize("text", ["sum(a/@x)", "count( a | b )", "sum(tokenize(., ','))", "sum(a/tokenize(.))"])
def test_all_matches_of_a_value(text):
    assert parse(text, NAMESPACES, use="value").take == text[: text.index("(")]
    with pytest.raises(PathError, match="is for values only"):
        parse(text, NAMESPACES, use="label")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sum(../b)", "what is below the row"),
        ("count(a[b='1'])", "what is below the row"),
        ("sum((a)[1])", "takes all matches"),
        ("sum(/a)", "what is below the row"),
        ("sum(a", "ends too early"),
        ("sum(a)+1", "'\\+1' is not supported"),
    ],
)
def test_what_can_not_be_added_up(text, message):
    with pytest.raises(PathError, match=message):
        parse(text, NAMESPACES, use="value")


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("string(a)", "a path is the text already"),
        ("normalize-space(a)", "a path is the text already"),
        ("concat(@x, a)", "write a label for each"),
        ("substring-before(a, ',')", "part: 'before {} behind'"),
        ("lower-case(@x)", "lower: true"),
        ("matches(@x, 'a.*')", "conditions are in where"),
        ("a[contains(b, 'x')]", "conditions are in where"),
        ("a[starts-with(b, 'x')]/c", "conditions are in where"),
        ("a[b>1]", "where: {b: {greater: 5}}"),
        ("*[local-name()='a']", "for any namespace write {*}b"),
        ("local-name()", "name() is the row's name"),
        ("self::a", "'self::' is left out"),
        ("number(a)", "the number at a path is read as it is"),
        ("max(a/b)", "make the elements rows"),
        ("a * 1024", "'scale' and 'offset'"),
        ("a div 2", "'scale' and 'offset'"),
        ("a or b", "the first is a|b"),
        ("position()", "a row doesn't know its place"),
        ("current()/@x", "leave 'current()/' out"),
        ("$x", "there are no variables"),
        ("'x'", "'labels' at the mapping's top"),
        ("count(name())", "leave name() out"),
    ],
)
def test_what_to_write_instead(text, instead):
    with pytest.raises(PathError) as error:
        parse(text, NAMESPACES, use="value")
    assert instead in str(error.value)


def test_words_without_their_position():
    """What a reader looks for is the text; where words are counted, all texts."""
    assert parse("count(a/tokenize(.))", NAMESPACES, use="value").without_words.take == "sum"
    assert parse("a/tokenize(.)[1]", NAMESPACES).without_words.words is None
    joined = parse("../a/tokenize(.)[current()/position()]", NAMESPACES)
    assert joined.without_words == joined
