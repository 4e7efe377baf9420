"""The usual way: the whole document as a tree, and a loop that counts its rows by element and operation."""

import sys
from collections import Counter

from lxml import etree

rows = Counter((row.tag, row.get("operation")) for row in etree.parse(sys.argv[1]).getroot())
for (item, operation), count in sorted(rows.items()):
    print(f'store_rows{{item="{item}",operation="{operation}"}} {count}')
