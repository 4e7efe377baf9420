"""xmlprom: turn an XML file into metrics for node_exporter's textfile collector.

The data go one way: mapping (load and check it) -> reading (the source's rows) -> series (numbers by label values) ->
textfile (the `.prom` files). `commands` calls these steps, `cli` is on top. docs/architecture.md shows where what is.

Needs Python 3.9, lxml and PyYAML; rich only for what a person looks at.
"""

__version__ = "0.1.0"
