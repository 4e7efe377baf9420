"""The steps that change a label's text before it is looked up in `values`: a part of it, lower case, cut.

To add one: a function here, which makes a Step of the key's node, and its name in STEPS and in metric_loader.STEP_KEYS.
Imported only for a label that has such keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from xmlprom.mapping.value_loader import Context, load_parts
from xmlprom.mapping.yaml_nodes import Node


class Step(NamedTuple):
    """`apply` gives the changed text, None if the text does not fit; `why` says to people what was done."""

    why: str
    apply: Callable[[str], str | None]


def _part(node: Node, _context: Context) -> Step | None:
    from xmlprom.mapping.templates import first_part  # noqa: PLC0415 - few labels have a part

    templates = load_parts(node)
    return Step("part of the text", lambda text: first_part(templates, text))


def _lower(node: Node, _context: Context) -> Step | None:
    return Step("lower case", str.lower) if node.choice(("true", "false"), "choice") == "true" else None


def _cut(node: Node, context: Context) -> Step | None:
    text = node.text() or ""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= context.label_length):
        node.problem(f"{text!r} is no number of characters from 1 to limits.label_length, {context.label_length}")
        return None
    length = int(text)
    return Step(f"cut to {length} characters", lambda text: text[:length])


STEPS: dict[str, Callable[[Node, Context], Step | None]] = {"part": _part, "lower": _lower, "cut": _cut}


def load_steps(fields: dict[str, Node], context: Context) -> tuple[Step, ...]:
    """The steps that a label's keys ask for, in the order in which they are done."""
    if "cut" in fields and "values" in fields:
        fields["cut"].problem("'cut' and 'values' are mutually exclusive: declared values are never too long")
    steps = (read(fields[key], context) for key, read in STEPS.items() if key in fields)
    return tuple(step for step in steps if step)
