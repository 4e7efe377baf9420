"""The usual way: the whole document as a tree, and a loop that makes the series of examples/store.yml."""

import sys
from collections import Counter

from lxml import etree

OPERATIONS = ("create", "update", "delete")

total = 0
rows: Counter[tuple[str, str]] = Counter()
for row in etree.parse(sys.argv[1]).getroot():
    operation = row.get("operation")
    if operation not in OPERATIONS:
        operation = "other"
    total += 1
    rows[row.tag, operation] += 1
print(f"store_total_rows {total}")
for (item, operation), count in sorted(rows.items()):
    print(f'store_rows{{item="{item}",operation="{operation}"}} {count}')
