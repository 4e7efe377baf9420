"""Entry point of `python3 scripts/xmlprom` and of the zipapp."""

import sys
from pathlib import Path

if not __package__:  # run by path: the package is the directory that holds this file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from xmlprom.errors import missing_package

try:
    from xmlprom.cli import main
except ModuleNotFoundError as error:
    sys.exit(f"xmlprom: {missing_package(error)}")

if __name__ == "__main__":
    sys.exit(main())
