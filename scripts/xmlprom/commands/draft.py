"""`xmlprom draft`: write a first mapping from samples of the XML that an application writes."""

from __future__ import annotations

import argparse
import os
import sys

from xmlprom.drafting.draft import draft
from xmlprom.drafting.draft_yaml import draft_yaml
from xmlprom.drafting.sample_scan import scan
from xmlprom.errors import SUCCESS, UsageError
from xmlprom.reading.files import STANDARD_INPUT


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises UsageError, RunError: see errors
    """
    samples = [sample if sample == STANDARD_INPUT else os.path.abspath(sample) for sample in options.samples]
    if samples.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input is one sample: write - once")
    source = options.source or next((sample for sample in samples if sample != STANDARD_INPUT), "")
    if source and not source.startswith("/"):
        raise UsageError(f"--source {source}: write the file's absolute path on the host")
    try:
        source.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{source!a}: a mapping is UTF-8, the path is not: rename it, or use --source") from None
    sys.stdout.buffer.write(draft_yaml(draft(scan(samples)), source).encode())
    return SUCCESS
