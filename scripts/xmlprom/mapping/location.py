"""Where the mapping of a collector is, and which collector a mapping's file names."""

from __future__ import annotations

import os
import re

from xmlprom.errors import MappingError, Problem

CONFIGURATION_DIRECTORY = "/etc/xmlprom"
_COLLECTOR = re.compile(r"[A-Za-z0-9_-]+")


def is_collector_name(name_or_path: str) -> bool:
    """Whether a mapping is given by its collector's name: without '/' and '.'."""
    return bool(_COLLECTOR.fullmatch(name_or_path))


def mapping_file(name_or_path: str) -> str:
    """The file of a mapping that is given by its path or by its collector's name."""
    if is_collector_name(name_or_path):
        return f"{CONFIGURATION_DIRECTORY}/{name_or_path}.yml"
    return name_or_path


def collector_name(file: str) -> str:
    """The collector's name: the file's name without `.yml`.

    :raises MappingError: if it can't be part of the `.prom` files' names; a dot would let the data file of
        `a.status` be the status file of `a`
    """
    name, suffix = os.path.splitext(os.path.basename(file))
    if suffix not in (".yml", ".yaml"):
        name += suffix
    if not is_collector_name(name):
        message = f"the collector's name {name!r} comes from the file's name: letters, digits, '_' and '-', then .yml"
        raise MappingError(file, [Problem(1, 1, message)])
    return name
