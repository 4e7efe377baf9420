"""The table in docs/reliability.md names tests that there are."""

from __future__ import annotations

import re

from command import ROOT


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "reliability.md").read_text()))
    files = [path for folder in ("tests", "containers") for path in sorted((ROOT / folder).rglob("test_*.py"))]
    written = "\n".join(path.read_text() for path in files)
    missing = sorted(name for name in named if f"def {name}(" not in written)
    assert len(named) > 40
    assert not missing
