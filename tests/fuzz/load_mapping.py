"""Coverage-guided: whatever a mapping's file holds, `load` returns a mapping or raises MappingError."""

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

with atheris.instrument_imports(include=["xmlprom"]):
    from xmlprom.errors import MappingError
    from xmlprom.mapping.loader import load
    from xmlprom.mapping.naming import naming_advice
    from xmlprom.reading.plan_compiler import compile_plan

FILE = Path(tempfile.mkdtemp()) / "m.yml"


def one(content: bytes) -> None:
    FILE.write_bytes(content)
    with contextlib.suppress(MappingError):
        mapping = load(FILE)
        compile_plan(mapping)
        list(naming_advice(mapping))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
