"""`xmlprom draft`: write a first mapping from a sample of the XML that an application writes."""

from __future__ import annotations

import argparse
import os
import sys

from xmlprom.drafting.judge import judge
from xmlprom.drafting.scan import survey
from xmlprom.drafting.write import write
from xmlprom.errors import SUCCESS, UsageError


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    :raises UsageError, RunError: see errors
    """
    source = os.path.abspath(options.sample)
    try:
        source.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{source!a}: a mapping is UTF-8, the sample's path is not: rename it") from None
    sys.stdout.buffer.write(write(judge(survey(source)), source).encode())
    return SUCCESS
