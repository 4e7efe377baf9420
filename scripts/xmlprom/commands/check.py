"""`xmlprom check`: report every fault of a mapping, and how it fits a source."""

from __future__ import annotations

import argparse

from xmlprom.commands.options import report, sources_of
from xmlprom.errors import SOURCE_FAILED, SUCCESS, RunError, path_text, printable
from xmlprom.mapping.loader import load
from xmlprom.mapping.location import collector_name, mapping_file
from xmlprom.mapping.naming import naming_advice


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises MappingError, UsageError, RunError: see errors
    """
    file = mapping_file(options.mapping)
    mapping = load(file)
    collector_name(file)  # which `collect` will want
    for advice in naming_advice(mapping):
        print(f"{path_text(file)}: {printable(advice)}")
    if not options.source:
        return SUCCESS
    from xmlprom.commands.source_fit import source_advice  # noqa: PLC0415 - without a source, lxml is not needed
    from xmlprom.reading.files import find_sources  # noqa: PLC0415 - see above

    status = SUCCESS
    for path in find_sources(sources_of(options.source, mapping, file)):
        try:
            advices, faults = source_advice(mapping, path)
        except RunError as error:
            advices, faults = [], [str(error)]
        for advice in advices:
            print(printable(advice))
        for fault in faults:
            report(fault)
            status = SOURCE_FAILED
    return status
