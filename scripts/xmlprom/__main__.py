"""Entry point of `python3 scripts/xmlprom` and of the zipapp."""

import os
import sys

if not __package__:  # run by path: the package is the directory that holds this file
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

from xmlprom.errors import missing_package

try:
    from xmlprom.cli import main
except ModuleNotFoundError as error:
    sys.exit(f"xmlprom: {missing_package(error)}")

if __name__ == "__main__":
    sys.exit(main())
