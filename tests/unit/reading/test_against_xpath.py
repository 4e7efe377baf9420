"""Random documents and mappings: the streaming extraction gives what whole-tree XPath 1.0 gives.

The other implementation is written here without regard to memory or speed: lxml's XPath finds rows and texts, and a
few loops aggregate them. Where the mapping language is not XPath, `texts_of` and `rows_of` say so.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import random
import tempfile
from pathlib import Path

import pytest
from lxml import etree
from whole_tree import NAMESPACES, FaultError, rows_of, text_of
from xmlprom.errors import RunError
from xmlprom.mapping.loader import load
from xmlprom.reading import files, row_counter
from xmlprom.reading.plan_compiler import compile_plan
from xmlprom.reading.xml_parser import stream
from xmlprom.series.aggregators import Distribution
from xmlprom.series.totals import Totals

# Documents

TAGS = ["a", "a", "b", "b", "c", "n:a", "m:b"]
ATTRIBUTES = ["x", "y", "n:x"]
ATTRIBUTE_TEXTS = ["1", "1", "2", "x", "", " 1 ", "&#233;"]
CONTENTS = ["1", "2", " 1 ", "\n", "x", "-1.5", "1e1", "+.5", "4 C", "<!-- 9 -->", "<?p 9?>", "<![CDATA[2]]>", "&lt;"]


def some(draw, choices, most, least=0):
    return [draw.choice(choices) for _ in range(draw.randint(least, most))]


def an_element(draw, depth=1, more=""):
    tag = draw.choice(TAGS)
    names = draw.sample(ATTRIBUTES, draw.randint(0, 3))
    attributes = "".join(f' {name}="{draw.choice(ATTRIBUTE_TEXTS)}"' for name in names)
    content = [
        an_element(draw, depth + 1) if depth < 6 and draw.random() < 0.6 else draw.choice(CONTENTS)
        for _ in range(draw.randint(2 if depth < 3 else 0, 4))
    ]
    return f"<{tag}{more}{attributes}>{''.join(content)}</{tag}>"


def a_document(draw):
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return an_element(draw, more=declared + draw.choice(["", "", "", ' xmlns="urn:m"']))


# Mappings

NAME_TESTS = ["a", "a", "b", "c", "*", "*", "*", "n:a", "n:*", "m:b", "{*}a", "{*}b", "{*}*"]
PREDICATES = ["", "", "", "", "", "", "", "", "[@x]", "[@x='1']", '[@y!="1"]', "[@n:x]", "[ @x ][@y = '2']", "[@x='']"]
LEAVES = ["", "", "/text()", "/name()", "/@x", "/@y", "/@n:x"]
OWN = ["name()", "text()", "@x", "@y", "@n:x", "../@x", "../../@y", "../name()", "../../../@x"]
TEXTS = ["", "1", "2", "x", "a", "b", "é"]


def a_step(draw):
    return draw.choice(NAME_TESTS) + draw.choice(PREDICATES)


def an_absolute_path(draw):
    first = draw.choice(["//", "//", "/", "/*/", "/*//"])
    return (
        first + a_step(draw) + "".join(draw.choice(["/", "/", "//"]) + a_step(draw) for _ in range(draw.randint(0, 2)))
    )


def below(draw):
    return "/".join(a_step(draw) for _ in range(draw.choice([1, 1, 2, 3]))) + draw.choice(LEAVES)


def from_row(draw):
    kind = draw.random()
    if kind < 0.35:
        return draw.choice(OWN)
    return first_of(draw, below(draw)) if kind < 0.8 else "|".join(first_of(draw, below(draw)) for _ in range(2))


def first_of(draw, path):
    """Seldom the path as it is: where it has several matches, the run fails."""
    return path if draw.random() < 0.04 else f"({path})[1]"


def from_document(draw):
    path = first_of(draw, an_absolute_path(draw) + draw.choice(LEAVES))
    return path if draw.random() < 0.7 else f"{path} | {first_of(draw, an_absolute_path(draw))}"


def some_texts(draw):
    return draw.sample(TEXTS, draw.randint(1, 3))


def a_label(draw):
    label = {"from": from_row(draw) if draw.random() < 0.75 else from_document(draw)}
    if draw.random() < 0.3:
        label["lower"] = True
    if draw.random() < 0.2:
        label["cut"] = draw.choice([1, 3])
    elif draw.random() < 0.6:
        texts = some_texts(draw)
        label["values"] = texts if draw.random() < 0.7 else {text: draw.choice("pq") for text in texts}
        if draw.random() < 0.8:
            label["other"] = draw.choice(["other", words_of(label)[0]])
    if draw.random() < 0.5:
        label["default"] = draw.choice(words_of(label) if "values" in label else ["none"])
    return label


def words_of(label):
    """The declared values as they are exposed."""
    values = label["values"]
    return list(dict.fromkeys(values.values() if isinstance(values, dict) else values))


def a_condition(draw):
    wanted = draw.choice([some_texts(draw), draw.choice(TEXTS)])
    filled = [text for text in some_texts(draw) if text] or "x"
    operators = [wanted, {"not": wanted}, {"prefix": filled}, {"contains": filled}, {"not": {"contains": filled}}]
    return draw.choice([*operators, {"present": draw.random() < 0.5}, {"prefix": filled, "not": wanted}])


def a_value(draw):
    value = {"from": from_row(draw)}
    if draw.random() < 0.85:
        value["invalid"] = "skip"
    optional = {
        "map": [{"x": 7}, {"": 3}, {"1": 5, "4 C": 6}],
        "missing": ["x", ["1", "x"], []],
        "scale": [2, -0.5],
        "default": [0, 8],
        "number": ["1234.5"],
        "offset": [1, -0.25],
    }
    value.update((key, draw.choice(choices)) for key, choices in optional.items() if draw.random() < 0.3)
    return value


def a_metric(draw, number):
    type_ = draw.choice(["gauge", "gauge", "gauge", "counter", "histogram", "summary", "info"])
    suffix = {"counter": "_total", "info": "_info"}.get(type_, "")
    metric = {"name": f"m{number}{suffix}", "help": "h", "type": type_}
    metric["labels"] = {f"l{number}": a_label(draw) for number in range(draw.randint(0, 3))}
    if type_ in ("histogram", "summary"):
        metric["value"] = a_value(draw)
    elif type_ != "info" and draw.random() < 0.6:
        metric["value"] = {**a_value(draw), "aggregate": draw.choice(["sum", "min", "max", "last", "last"])}
    if type_ == "histogram":
        metric["buckets"] = [0, 1, 2.5]
    if draw.random() < 0.4:
        metric["where"] = {from_row(draw): a_condition(draw)}
    return metric


def a_mapping(draw):
    sections = [
        {
            "rows": draw.choice(["//*", "//{*}a", "/*//*[@x]", "//b", an_absolute_path(draw), an_absolute_path(draw)]),
            "metrics": [a_metric(draw, f"{section}_{number}") for number in range(draw.randint(1, 3))],
        }
        for section in range(draw.choice([1, 1, 2]))
    ]
    return {"namespaces": NAMESPACES, "sections": sections}


def a_mapping_of_start_tags(draw):
    """A mapping for the short way to read."""
    own = ["name()", "@x", "@y", "@n:x"]
    sections = []
    for section in range(draw.randint(1, 3)):
        metrics = []
        for number in range(draw.randint(1, 2)):
            labels = {f"l{i}": {"from": draw.choice(own)} for i in range(draw.randint(0, 3))}
            metric = {"name": f"m{section}_{number}", "help": "h", "type": "gauge", "labels": labels}
            if draw.random() < 0.3:
                metric["where"] = {draw.choice(own): some_texts(draw)}
            metrics.append(metric)
        rows = "".join(f"/{a_step(draw)}" for _ in range(draw.randint(0, 2)))
        sections.append({"rows": f"/*{rows}", "metrics": metrics})
    return {"namespaces": NAMESPACES, "sections": sections}


# The whole-tree implementation


class FailedError(Exception):
    """A source that the mapping does not fit."""


def label_of(label, text):
    text = text or ""
    text = text.lower() if "lower" in label else text
    text = text[: label.get("cut")]
    if not text and label.get("default"):
        if "values" not in label or label["default"] in words_of(label):
            return label["default"]
        return label["other"]
    if "values" in label:
        if text in label["values"]:
            return label["values"][text] if isinstance(label["values"], dict) else text
        if "other" not in label:
            raise FailedError
        return label["other"]
    return text


def number_of(value, text):
    """The number, None if there is none, or "invalid"."""
    text = (text or "").strip()
    missing = value.get("missing", [""])
    if text in value.get("map", {}):
        return value["map"][text]
    if not text or text in ([missing] if isinstance(missing, str) else missing):
        return value.get("default")
    if is_number(text):
        return float(text) * value.get("scale", 1) + value.get("offset", 0)
    if "invalid" not in value:
        raise FailedError
    return "invalid"


def is_number(text):
    try:
        return set(text) <= set("0123456789+-.eE") and math.isfinite(float(text))
    except ValueError:
        return False


def selected(metric, row, rows):
    for path, wanted in metric.get("where", {}).items():
        only_presence = isinstance(wanted, dict) and set(wanted) == {"present"}
        text = text_of(row, f"({path})[1]" if only_presence and "|" not in path and path[0] != "(" else path, rows)
        if not holds(wanted, text):
            return False
    return True


def holds(wanted, text):
    if not isinstance(wanted, dict):
        return (text or "") in as_list(wanted)
    tests = {
        "not": lambda inner: not holds(inner, text),
        "prefix": lambda those: (text or "").startswith(tuple(as_list(those))),
        "contains": lambda those: any(one in (text or "") for one in as_list(those)),
        "present": lambda there: (text is not None) == there,
    }
    return all(tests[name](argument) for name, argument in wanted.items())


def as_list(texts):
    return [texts] if isinstance(texts, str) else texts


def cell_of(metric, numbers):
    """One series' value; `numbers` are those of its rows, in order."""
    if metric["type"] == "histogram":
        bounds = [*metric["buckets"], float("inf")]
        counts = [sum(number <= bound for number in numbers) for bound in bounds]
        return [counts, len(numbers), sum(numbers)]
    if metric["type"] == "summary":
        return [[len(numbers)], len(numbers), sum(numbers)]
    if metric["type"] == "info":
        return 1
    aggregate = metric["value"]["aggregate"] if "value" in metric else "sum"
    return {"sum": sum, "min": min, "max": max, "last": lambda numbers: numbers[-1]}[aggregate](numbers)


def naive_metric(tree, rows, metric):
    invalid = 0
    series, unknown = {}, set()
    fixed = {n: lab for n, lab in metric["labels"].items() if lab["from"].startswith(("/", "(/"))}
    own = {n: lab for n, lab in metric["labels"].items() if n not in fixed}
    for row in rows:
        if not selected(metric, row, rows):
            continue
        number = number_of(metric["value"], text_of(row, metric["value"]["from"], rows)) if "value" in metric else 1
        invalid += number == "invalid"
        if number in (None, "invalid"):
            with contextlib.suppress(FailedError, FaultError):
                unknown.add(tuple(label_of(label, text_of(row, label["from"], rows)) for label in own.values()))
        else:
            key = tuple(label_of(label, text_of(row, label["from"], rows)) for label in own.values())
            series.setdefault(key, []).append(number)
    if metric["type"] != "info" and metric.get("value", {}).get("aggregate", "sum") == "sum":
        seen = {tuple(None if "values" in lab else v for lab, v in zip(own.values(), key)) for key in series}
        if all("values" in label for label in own.values()):
            seen.add((None,) * len(own))
        for free in seen:
            for key in itertools.product(*(words_of(lab) if v is None else [v] for lab, v in zip(own.values(), free))):
                if key not in unknown:
                    series.setdefault(key, [])
    constant = {name: label_of(label, text_of(tree, label["from"])) for name, label in fixed.items()}
    cells = {}
    for key, numbers in series.items():
        found = {**constant, **dict(zip(own, key))}
        cells[tuple(found[name] for name in metric["labels"])] = cell_of(metric, numbers)
    return cells, invalid


def naive(content, mapping):
    """All metrics' series, the number of rows and of invalid values; None if the source fails."""
    tree = etree.fromstring(content if isinstance(content, bytes) else content.encode())
    result, rows, invalid = {}, 0, 0
    try:
        for section in mapping["sections"]:
            found = rows_of(tree, section["rows"])
            rows += len(found)
            for metric in section["metrics"]:
                result[metric["name"]], skipped = naive_metric(tree, found, metric)
                invalid += skipped
    except (FailedError, FaultError):
        return None
    return result, rows, invalid


# The comparison


def streamed(content, mapping, short_way=True):
    with tempfile.TemporaryDirectory() as name:
        file, source = Path(name, "m.yml"), Path(name, "source.xml")
        file.write_text(json.dumps(mapping), encoding="utf-8")
        source.write_text(content, encoding="utf-8")
        loaded = load(file)
        plan = compile_plan(loaded)
        if not short_way:
            plan = plan._replace(sections=tuple(fields._replace(at_start=False) for fields in plan.sections))
        totals = Totals(loaded, plan)
        try:
            _, reader = stream(str(source), plan, loaded.limits, totals)
            tables = totals.finish(reader.documents)
        except RunError as error:
            return error.reason
    return tables, totals


def plain(cell):
    if isinstance(cell, Distribution):
        return [list(itertools.accumulate(cell.buckets)), cell.count, cell.sum]
    return cell


def agrees(content, mapping):
    """Both ways give the same; returns the number of rows, 0 where the source fails."""
    expected, found = naive(content, mapping), streamed(content, mapping)
    if found == "root":
        assert expected is None or expected[1] == 0
    elif isinstance(found, str):
        assert expected is None, found
    else:
        tables, totals = found
        series = {table.metric.name: {key: plain(cell) for key, cell in table.series.items()} for table in tables}
        assert expected == (series, totals.rows, totals.invalid)
        return totals.rows
    return 0


@pytest.mark.parametrize("seed", range(40))
def test_any_mapping(seed):
    draw = random.Random(seed)
    rows = [agrees(a_document(draw), a_mapping(draw)) for _ in range(30)]
    assert sum(map(bool, rows)) >= 3  # cases without a row, or that fail, compare little


@pytest.mark.parametrize("seed", range(10))
def test_mappings_of_start_tags_alone(seed):
    draw = random.Random(seed)
    for _ in range(30):
        content, mapping = a_document(draw), a_mapping_of_start_tags(draw)
        agrees(content, mapping)
        short, full = streamed(content, mapping), streamed(content, mapping, short_way=False)
        if isinstance(short, str):
            assert short == full
        else:
            assert in_order(short[0]) == in_order(full[0])


@pytest.mark.parametrize("seed", range(10))
def test_any_mapping_in_small_portions(seed, monkeypatch):
    """The source read in small portions, with rows aggregated long before its end, makes the same series."""
    draw = random.Random(seed)
    for _ in range(30):
        content, mapping = a_document(draw), draw.choice([a_mapping, a_mapping_of_start_tags])(draw)
        whole = streamed(content, mapping)
        with monkeypatch.context() as patch:
            patch.setattr(files, "_CHUNK", draw.randint(1, 40))
            patch.setattr(row_counter, "MAX_DISTINCT", draw.randint(0, 4))
            pieces = streamed(content, mapping)
        if isinstance(whole, str):
            assert isinstance(pieces, str)  # which fault comes first may differ
        else:
            assert in_order(pieces[0]) == in_order(whole[0])


def in_order(tables):
    return [(table.metric.name, [(key, plain(cell)) for key, cell in table.series.items()]) for table in tables]
