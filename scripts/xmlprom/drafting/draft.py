"""Make a draft of samples: the metrics worth most, in the order of the document."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from xmlprom.drafting.elements import Element, elements
from xmlprom.drafting.metric_names import MetricNames, label_name
from xmlprom.drafting.path_steps import PathSteps, snake
from xmlprom.drafting.places import ANY
from xmlprom.drafting.proposals import Proposal, Proposer
from xmlprom.drafting.sample_scan import Sample

MAX_METRICS = 24
_LEAST_WORTH = 2.4
_FEW = 4  # metrics of a sample where none is worth that much
_MAX_REASONS = 6  # of a section
_MAX_LEFT_OUT = 20
_MAX_MISSING = 20


class DraftMetric(NamedTuple):
    """A metric as the mapping's keys hold it; `remark` is a comment."""

    name: str
    help: str
    type: str
    labels: dict[str, str]
    where: dict[str, Any]
    value: dict[str, Any] | None
    remark: str


class DraftSection(NamedTuple):
    """Rows with their metrics, and what is left out of them, and why."""

    rows: str
    remark: str
    metrics: tuple[DraftMetric, ...]
    left_out: tuple[str, ...]


class Draft(NamedTuple):
    """What a drafted mapping holds."""

    sections: tuple[DraftSection, ...]
    namespaces: dict[str, str]
    missing: tuple[str, ...]  # texts that mean: no value
    left_out: tuple[str, ...]


def draft(sample: Sample) -> Draft:
    """Draft a mapping."""
    steps = PathSteps(sample.prefixes)
    proposer = Proposer(steps)
    proposed = [(element, list(proposer.propose(element))) for element in elements(sample, steps)]
    best = sorted((proposal for _, proposals in proposed for proposal in proposals), key=lambda one: -one.worth)
    kept = [proposal for proposal in best if proposal.worth >= _LEAST_WORTH][:MAX_METRICS] or best[:_FEW]
    names = MetricNames()
    sections, left_out = [], []
    for element, proposals in proposed:
        mine = [proposal for proposal in proposals if proposal in kept]
        others = [proposal for proposal in proposals if proposal not in kept]
        for path, same in itertools.groupby(mine, key=lambda proposal: proposal.section):
            reasons = proposer.left_out.get(path, [])
            sections.append(_section(element, path, list(same), others if path == element.path else [], reasons, names))
        if mine:
            continue
        reasons = proposer.left_out.get(element.path, [])[:_MAX_REASONS]
        left_out += [f"{element.path}: {reason}" for reason in reasons] or ([element.path] if others else [])
    sections = sections or [_bare(sample, steps, names)]
    return Draft(
        tuple(sections),
        steps.used(" ".join(_paths(sections))),
        tuple(_missing(sample)),
        tuple(left_out[:_MAX_LEFT_OUT]),
    )


def _missing(sample: Sample) -> dict[str, None]:
    """What the samples say where there is no value."""
    found: dict[str, None] = {}
    for place in sample.places():
        for stats in (*place.attributes.values(), place.text):
            found.update(dict.fromkeys(text.strip() for text in stats.of_kind("none")))
    return dict(itertools.islice(found.items(), _MAX_MISSING))


def _bare(sample: Sample, steps: PathSteps, names: MetricNames) -> DraftSection:
    """The section of samples that hold nothing to measure."""
    tag = sample.root.tag
    metric = DraftMetric(names.choose((snake(tag), "rows")), "Documents", "gauge", {}, {}, None, "")
    return DraftSection(f"/{steps.step(tag) or ANY}", "nothing found to count or measure", (metric,), ())


def _paths(sections: Sequence[DraftSection]) -> Iterator[str]:
    for section in sections:
        yield section.rows
        for metric in section.metrics:
            yield from (*metric.labels.values(), *metric.where, str(metric.value or ""))


def _section(
    element: Element,
    path: str,
    kept: Sequence[Proposal],
    others: Sequence[Proposal],
    reasons: Sequence[str],
    names: MetricNames,
) -> DraftSection:
    metrics = tuple(_metric(proposal, names) for proposal in kept)
    count = element.place.count
    less = ", ".join(str((proposal.value or {}).get("from") or proposal.help) for proposal in others)
    left_out = [*([f"worth less: {less}"] if less else []), *reasons[:_MAX_REASONS]]
    return DraftSection(path, f"{count} element{'' if count == 1 else 's'}", metrics, tuple(left_out))


def _metric(proposal: Proposal, names: MetricNames) -> DraftMetric:
    name = names.choose(proposal.words, proposal.type)
    p = proposal
    return DraftMetric(name, p.help, p.type, _labels(p), p.where, p.value, p.remark)


def _labels(proposal: Proposal) -> dict[str, str]:
    labels: dict[str, str] = {}
    paths: set[str] = set()
    for key in proposal.labels:
        if key.path not in paths:
            paths.add(key.path)
            labels[label_name(key.words, _row_word(proposal), labels)] = key.path
    return labels


def _row_word(proposal: Proposal) -> str:
    return proposal.words[1] if len(proposal.words) > 2 else proposal.words[0]
