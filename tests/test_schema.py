"""docs/mapping.schema.json, for editors, accepts and refuses the mappings that the loader does.

The mappings: those of the examples, of docs/mapping.md and of the script's tests, tests/corpus/, and random ones.
LOADER_ONLY lists what a JSON Schema can't express.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from xmlprom.errors import MappingError
from xmlprom.mapping.loader import load
from xmlprom.mapping.path_parser import parse, parse_rows
from xmlprom.mapping.paths import PathError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "unit" / "mapping"), str(HERE / "unit" / "reading")]

from test_against_xpath import a_mapping  # noqa: E402
from test_bad_mapping import FAULTS  # noqa: E402
from test_docs import DOCUMENT, blocks  # noqa: E402

SCHEMA = json.loads((ROOT / "docs" / "mapping.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Refused by the loader alone, and why no schema can refuse it.
LOADER_ONLY = {
    "repeated key": "parsers drop the first; YAML language servers report it themselves",
    "name twice": "compares metrics",
    "name in two sections with other labels": "compares metrics",
    "name in two sections with declared values": "compares metrics",
    "summary-takes-names.yml": "compares metrics",
    "constant-label-twice.yml": "compares the mapping's labels with a metric's",
    "undeclared prefix": "compares a path with namespaces",
    "placeholder that is no label": "compares a name with labels",
    "placeholder without values": "compares a name with labels",
    "placeholder in the help alone": "compares the help with name and labels",
    "too many names": "multiplies",
    "default that is no declared value": "compares default with values",
    "date format that strptime lacks": "only Python knows",
    "unknown time zone": "only the host knows",
    "date format with a directive twice": "only Python knows",
    "histogram-falling-buckets.yml": "compares items of a list",
    "values-equal-as-texts.yml": "1 and '1' are different in JSON",
    "scale-hexadecimal.yml": "0x10 is the number 16 in JSON",
    "max-age-float.yml": "90.0 is an integer in JSON Schema",
    "cut beyond the limit": "compares with limits",
    "default that is no unit": "compares default with a table of units",
    "part without a part": "counts in a text",
    "part without what divides it": "looks into a text",
    "a zone's name": "looks into a text",
    "date format that is too long": "only Python knows",
    "date format without a year": "only Python knows",
    "date format without the half of the day": "only Python knows",
}
PATHS = """attribute-then-child attribute-wildcard axis descendant-below-row digit-first parent position-last
predicate-and predicate-on-rows predicate-unquoted root-attribute rows-union space-before space sum-in-label
text-of-parent trailing-slash union-empty union-of-absolute-and-relative union-of-levels words-without-position"""
PATH_FAULTS = {f"{name}.yml" for name in PATHS.split()}
PATH_FAULTS |= {"unparsable path", "XPath axis", "rows of attributes", "// before an attribute"}
LOADER_ONLY.update(dict.fromkeys(PATH_FAULTS, "only the parser knows which paths there are"))


def corpus():
    """(name, content) of every mapping."""
    for file in sorted([*ROOT.glob("examples/*.yml"), *HERE.glob("corpus/*/*.yml")]):
        yield file.name, file.read_text(encoding="utf-8")
    yield from ((name, content) for name, (content, _) in FAULTS.items())
    for line, info, content in blocks(DOCUMENT.read_text(encoding="utf-8")):
        if info.startswith("yaml"):
            yield f"mapping.md:{line}", content


CORPUS = dict(corpus())


def loads(content, directory):
    file = directory / "m.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        load(file)
    except MappingError:
        return False
    return True


def as_editor_sees(content):
    """The document with the types of YAML 1.2, which language servers use.

    :raises yaml.YAMLError: if it is no YAML, so that an editor reports only that
    """
    if isinstance(content, bytes) or "[" * 1000 in content:
        raise yaml.YAMLError
    return _typed(yaml.compose(content, Loader=yaml.SafeLoader))


def _typed(node):
    if node is None:
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_typed(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise yaml.YAMLError
        return {key.value: _typed(value) for key, value in node.value}
    return node.value if node.style else _scalar(node.value)


def _scalar(text):
    """https://yaml.org/spec/1.2.2/#103-core-schema"""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false") and text[1:] in ("rue", "RUE", "alse", "ALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]{1,400}", text):
        return int(text)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return float(text.replace(".", "")) if re.fullmatch(r"[-+]?\.(inf|Inf|INF)", text) else text


def as_texts(document):
    """The document with every scalar as a text, as the loader sees it."""
    if isinstance(document, dict):
        return {key: as_texts(value) for key, value in document.items()}
    if isinstance(document, list):
        return [as_texts(item) for item in document]
    return document if document is None or isinstance(document, str) else json.dumps(document)


def schema_accepts(content):
    try:
        document = as_editor_sees(content)
    except yaml.YAMLError:
        return False
    return VALIDATOR.is_valid(document)


def test_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", CORPUS)
def test_agrees_with_the_loader(name, tmp_path):
    loaded, accepted = loads(CORPUS[name], tmp_path), schema_accepts(CORPUS[name])
    if name in LOADER_ONLY:
        assert (loaded, accepted) == (False, True), "the entry in LOADER_ONLY is not needed"
    else:
        assert accepted == loaded
    if loaded:
        assert VALIDATOR.is_valid(as_texts(as_editor_sees(CORPUS[name])))


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_corpus_is_what_its_directory_says(kind, tmp_path):
    for file in (HERE / "corpus" / kind).glob("*.yml"):
        assert loads(file.read_bytes(), tmp_path) == (kind == "good"), file.name


def test_agrees_on_random_mappings(tmp_path):
    draw = random.Random(0)
    for _ in range(200):
        mapping = a_mapping(draw)
        assert loads(json.dumps(mapping), tmp_path)
        VALIDATOR.validate(mapping)


def keys_of(schema):
    """(id of the object that lists it, key) of each key that a mapping may have."""
    listed = schema.get("properties", {})
    yield from ((id(listed), key) for key in listed)
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", [])]
    for one in (*inner, *listed.values(), *schema.get("$defs", {}).values()):
        if isinstance(one, dict):
            yield from keys_of(one)


def used(schema, document):
    """Those of the keys that a document has."""
    if isinstance(document, list):
        for one in document:
            yield from used(schema.get("items", {}), one)
    elif isinstance(document, dict):
        listed, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, value in document.items():
            if isinstance(listed.get(key), dict):
                yield id(listed), key
                yield from used(listed[key], value)
            elif isinstance(others, dict):
                yield from used(others, value)
    if "$ref" in schema:
        yield from used(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], document)
    cases = [branch for case in schema.get("allOf", []) for branch in (case.get("then"), case.get("else"))]
    for one in (*schema.get("anyOf", []), *cases):
        if isinstance(one, dict):
            yield from used(one, document)


def test_random_mappings_have_every_key():
    """So that a key that is added is added to the generator, and to the evaluation that it is compared with."""
    draw = random.Random(0)
    found = {key for _ in range(300) for key in used(SCHEMA, a_mapping(draw))}
    shorthand = {(id(SCHEMA["properties"]), key) for key in ("rows", "metrics")}  # for one section
    assert [key for key in keys_of(SCHEMA) if key not in found | shorthand] == []


ODD = [
    "",
    "x",
    "1",
    "-1",
    "[]",
    "~",
    "@x",
    "/a",
    "//a/@b",
    "a|b",
    "%Y",
    "iso8601",
    "sum",
    "histogram",
    "counter",
    "info",
]
ODD += [
    "summary",
    "1,234.5",
    "bytes",
    "{} *",
    "skip",
    "m_{l0}",
    "m{",
    "__x",
    "le",
    "é",
    "15m",
    "1MiB",
    "a\nb",
    True,
    None,
    1,
    0,
    -1.5,
    1e300,
]
ODD += [
    [],
    {},
    ["a"],
    ["a", "a"],
    [None],
    [[]],
    {"from": "@x"},
    {"not": ["a"]},
    {"prefix": "a"},
    {"present": True},
    {"not": {}},
    {"a": 1},
    {"": ""},
]
KEYS = [
    "from",
    "values",
    "lower",
    "cut",
    "other",
    "default",
    "aggregate",
    "map",
    "missing",
    "date",
    "number",
    "unit",
    "part",
    "offset",
    "scale",
    "invalid",
    "where",
]
KEYS += [
    "type",
    "help",
    "labels",
    "value",
    "buckets",
    "not",
    "rows",
    "metrics",
    "sections",
    "limits",
    "max_age",
    "@x",
    "x",
]


def places(node):
    """(container, key) of everything in a document."""
    for key in range(len(node)) if isinstance(node, list) else list(node):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from places(node[key])


def changed(draw, mapping):
    container, key = draw.choice(list(places(mapping["sections"])))
    chance = draw.random()
    if chance < 0.2:
        del container[key]
    elif chance < 0.5 and isinstance(container[key], dict):
        container[key][draw.choice(KEYS)] = draw.choice(ODD)
    else:
        container[key] = draw.choice(ODD)
    return mapping


def test_never_refuses_more_than_the_loader_which_never_crashes(tmp_path):
    draw = random.Random(0)
    refused = {True: 0, False: 0}
    for _ in range(600):
        text = json.dumps(changed(draw, a_mapping(draw)))
        accepted = VALIDATOR.is_valid(json.loads(text))
        if loads(text, tmp_path):
            assert accepted, text
        else:
            refused[accepted] += 1
    assert refused[True] < 0.15 * refused[False]  # what LOADER_ONLY is about


TOKENS = ["a", "b", "é", "p:", "*", "{*}", "/", "/", "//", "@", "@a", "@p:a", "[@a]", "[@a='1|']", '[ @p:a != "]" ]']
TOKENS += ["../", "..", ".", "text()", "name()", "|", " | ", " ", "(", "[", "]", "=", "1", "::", "-", "text", "'"]


class AllDeclared(dict):
    """Namespaces by prefix, whatever the prefix."""

    def __contains__(self, prefix):
        return True

    def __missing__(self, prefix):
        return f"urn:{prefix}"


def parses(parser, text):
    try:
        return parser(text, AllDeclared())
    except PathError:
        return None


def test_refuses_no_path_that_the_parser_takes():
    draw = random.Random(0)
    patterns = {
        name: jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})
        for name in ("labelPath", "rowPath", "rows")
    }
    good = 0
    for _ in range(8000):
        text = "".join(draw.choice(TOKENS) for _ in range(draw.randint(1, 7)))
        path = parses(parse, text)
        good += path is not None
        assert path is None or patterns["labelPath"].is_valid(text), text
        assert path is None or path.absolute or patterns["rowPath"].is_valid(text), text
        assert parses(parse_rows, text) is None or patterns["rows"].is_valid(text), text
    assert good > 300


def test_every_list_entry_names_a_mapping():
    assert set(LOADER_ONLY) <= set(CORPUS)


def test_describes_every_key():
    def undescribed(schema, where):
        if isinstance(schema, dict):
            for key, value in schema.get("properties", {}).items():
                if isinstance(value, dict) and not ({"description", "$ref"} & set(value)) and "if" not in where:
                    yield f"{where}.{key}"
            for key, value in schema.items():
                if key not in ("if", "then", "else", "allOf"):
                    yield from undescribed(value, f"{where}.{key}")
        elif isinstance(schema, list):
            for item in schema:
                yield from undescribed(item, where)

    assert list(undescribed(SCHEMA, "")) == []
