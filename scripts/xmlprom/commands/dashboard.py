"""`xmlprom dashboard`: write a Grafana dashboard that draws the metrics of mappings."""

from __future__ import annotations

import argparse
import sys

from xmlprom.dashboard.board import board
from xmlprom.errors import SUCCESS, UsageError
from xmlprom.mapping.loader import load
from xmlprom.mapping.location import collector_name, mapping_file


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises MappingError, UsageError: see errors
    """
    files = [mapping_file(mapping) for mapping in options.mappings]
    names = [collector_name(file) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two mappings are of the collector {name!r}, named after their files: rename one")
    made = board(zip(names, map(load, files)))
    try:
        from xmlprom.dashboard.grafana import render  # noqa: PLC0415 - only this command needs Grafana's SDK
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] != "grafana_foundation_sdk":
            raise
        install = f"{sys.executable} -m pip install grafana-foundation-sdk"
        raise UsageError(f"dashboard needs Grafana's SDK: {install}") from None
    sys.stdout.buffer.write(render(made).encode())
    return SUCCESS
