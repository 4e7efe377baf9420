"""Coverage-guided: for any source, each example's mapping makes a file that node_exporter accepts, or fails."""

import os
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

with atheris.instrument_imports(include=["xmlprom"]):
    from xmlprom.commands import collector_run
    from xmlprom.errors import RunError
    from xmlprom.mapping.loader import load
    from xmlprom.textfile.collector_files import CollectorFiles
    from xmlprom.textfile.text_parser import parse_strictly

MAPPINGS = [load(path) for path in sorted((ROOT / "examples").glob("*.yml"))]
SOURCE = Path(tempfile.mkdtemp()) / "source.xml"
FILES = CollectorFiles("fuzz", str(SOURCE.parent))


def one(content: bytes) -> None:
    SOURCE.write_bytes(content)
    os.utime(SOURCE, (0, 0))
    for mapping in MAPPINGS:
        try:
            output = collector_run.read(collector_run.Job(mapping, (str(SOURCE),), {}, FILES))
        except RunError as error:
            if error.reason == "internal":
                raise
        else:
            parse_strictly(output.content)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
