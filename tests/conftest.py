"""Makes the program, the plugins and the tests' own modules importable, in every release of pytest."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("scripts", "tests/unit", "tests/unit/reading", "playbooks/collections")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
