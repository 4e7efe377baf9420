"""Write a generated source: the same bytes for the same arguments.

usage: sources.py store|orders|series|counters ROWS OUTPUT [DISTINCT]

A program of its own, so that the memory it takes does not show in what run.py measures.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 10_000  # rows written at once
ITEMS = ("orange", "strawberry", "apple", "banana")
OPERATIONS = ("create", "update", "delete", "recount")  # the last is none that examples/store.yml declares


def store(rows: int, _distinct: int) -> Iterator[str]:
    """Rows like those of examples/store.xml: two attributes, no text."""
    templates = [f'<{item} id="%d" operation="{operation}"/>\n' for item in ITEMS for operation in OPERATIONS]
    yield "<store>\n"
    for first, last in _blocks(rows):
        yield "".join(random.choices(templates, k=last - first)) % tuple(range(first, last))
    yield "</store>\n"


def orders(rows: int, _distinct: int) -> Iterator[str]:
    """Records as programs export them: identifiers, and children with one text each."""
    regions, states = ("north", "south", "east", "west"), ("open", "paid", "sent")
    yield "<orders>\n"
    for number in range(rows):
        amount = random.randrange(100, 100_000)
        yield (
            f'<order id="{number}" state="{states[amount % 3]}"><date>2026-{amount % 12 + 1:02}-01</date>'
            f"<customer>C{amount * 7 % 9973}</customer><region>{regions[amount % 4]}</region>"
            f"<amount>{amount / 100:.2f}</amount><currency>EUR</currency></order>\n"
        )
    yield "</orders>\n"


def series(rows: int, distinct: int) -> Iterator[str]:
    """Rows with `distinct` different keys, in turn, and a number that is seldom the same."""
    yield "<store>\n"
    for first, last in _blocks(rows):
        yield "".join(f'<row key="k{number % distinct}" size="{number}"/>\n' for number in range(first, last))
    yield "</store>\n"


def counters(rows: int, _distinct: int) -> Iterator[str]:
    """Counters of objects, named by a table around them, as performance files of base stations have them."""
    kinds, objects = 20, 50
    types = "".join(f'<type p="{number}">counter{number}</type>' for number in range(kinds))
    yield "<data>\n"
    for group in range(-(-rows // (kinds * objects))):
        area = f"area{group % 10}"
        yield f'<group area="{area}"><name>{area}</name>{types}\n'
        for number in range(objects):
            cells = "".join(f'<r p="{kind}"><v>{random.randrange(100)}</v></r>' for kind in range(kinds))
            yield f'<object name="{number}">{cells}</object>\n'
        yield "</group>\n"
    yield "</data>\n"


def _blocks(rows: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + _BLOCK, rows)) for first in range(0, rows, _BLOCK))


KINDS = {"store": store, "orders": orders, "series": series, "counters": counters}


def main(kind: str, rows: str, output: str, distinct: str = "1") -> None:
    random.seed(f"{kind} {rows}")
    temporary = Path(f"{output}.part")
    with temporary.open("w", encoding="ascii") as stream:
        stream.writelines(KINDS[kind](int(rows), int(distinct)))
    os.replace(temporary, output)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
