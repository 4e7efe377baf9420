#!/usr/bin/env python3
"""Draft a mapping from a sample of the XML that an application writes; see `--help`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from xmlprom.drafting.judge import judge
from xmlprom.drafting.scan import survey
from xmlprom.drafting.write import write
from xmlprom.errors import RunError

SUCCESS, SOURCE_FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Draft a mapping; returns the exit status (0 done, 1 the sample failed, 2 the command line is wrong)."""
    parser = argparse.ArgumentParser(
        prog="draft_mapping.py", description="Draft a mapping for xmlprom from a sample, as a start to edit."
    )
    parser.add_argument("sample", metavar="SAMPLE.xml", help="a file that the application wrote")
    parser.add_argument("--output", metavar="FILE.yml", type=Path, help="write the mapping there, not to stdout")
    options = parser.parse_args(arguments)
    source = os.path.abspath(options.sample)
    try:
        source.encode()
    except UnicodeEncodeError:
        return _fail(f"{source!a}: a mapping is UTF-8, the sample's path is not: rename it", USAGE)
    try:
        draft = write(judge(survey(source)), source)
    except RunError as error:
        return _fail(str(error), SOURCE_FAILED)
    except KeyboardInterrupt:
        return 130
    try:
        if options.output:
            options.output.write_text(draft, encoding="utf-8")
        else:
            sys.stdout.buffer.write(draft.encode())
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: nothing more to flush
    except OSError as error:
        return _fail(f"{options.output or 'stdout'}: can't write the mapping: {error.strerror}", USAGE)
    return SUCCESS


def _fail(message: str, status: int) -> int:
    print(f"draft_mapping.py: {' '.join(message.split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
