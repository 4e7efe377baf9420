"""`xmlprom explain`: show which rows made which series."""

from __future__ import annotations

import argparse
import json
import sys

from xmlprom.commands import row_trace, terminal
from xmlprom.commands.options import path_label, report, sources_of
from xmlprom.errors import SOURCE_FAILED, SUCCESS, RunError
from xmlprom.mapping.loader import load
from xmlprom.mapping.location import mapping_file
from xmlprom.reading.files import find_sources


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises MappingError, UsageError, RunError: see errors
    """
    file = mapping_file(options.mapping)
    mapping = load(file)
    explanations, status = [], SUCCESS
    for path in find_sources(sources_of(options.source, mapping, file)):
        try:
            explanations.append(row_trace.explain(mapping, path, path_label(options.source, mapping)))
        except RunError as error:
            report(str(error))
            status = SOURCE_FAILED
    if options.json:
        json.dump(row_trace.to_json(explanations), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        terminal.show_explanations(explanations, sys.stdout)
    return SOURCE_FAILED if any(explanation.failed for explanation in explanations) else status
