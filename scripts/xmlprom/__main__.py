"""Entry point of `python3 scripts/xmlprom` and of the zipapp."""

import os
import sys

if not __package__:  # run by path: the package is the directory that holds this file
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

from xmlprom.errors import package_error

try:
    from xmlprom.cli import main
except ImportError as error:
    sys.exit(f"xmlprom: {package_error(error)}")

if __name__ == "__main__":
    sys.exit(main())
