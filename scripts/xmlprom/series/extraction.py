"""Read one source and aggregate its rows into series."""

from __future__ import annotations

from typing import NamedTuple

from xmlprom.mapping.model import Mapping
from xmlprom.reading.plan_compiler import compile_plan
from xmlprom.reading.xml_parser import OnBytes, naming, stream
from xmlprom.series.metric_totals import Table
from xmlprom.series.totals import Totals


class Extraction(NamedTuple):
    """What one source holds. `size` in bytes, `modified` in Unix seconds; see Totals for the counts."""

    path: str
    size: int
    modified: float
    rows: int
    folded: int
    invalid: int
    tables: tuple[Table, ...]
    empty: tuple[str, ...] = ()


def extract(mapping: Mapping, path: str, on_bytes: OnBytes | None = None) -> Extraction:
    """Read one source and aggregate its rows.

    :param on_bytes: is called with the bytes read so far and the file's size
    :raises RunError: if the source fails in any way
    """
    plan = compile_plan(mapping)
    totals = Totals(mapping, plan)
    with naming(path):
        source, reader = stream(path, plan, mapping.limits, totals, on_bytes=on_bytes)
        tables = totals.finish(reader.documents)
    return Extraction(
        path, source.size, source.modified, totals.rows, totals.folded, totals.invalid, tables, totals.empty
    )
