"""xmlprom: turn an XML file into metrics for node_exporter's textfile collector.

The data go one way, one module a step: mapping (load, check) -> plan (compile) -> extract (stream the source,
aggregate) -> families -> publish -> status. `cli` is on top and holds no logic.

Needs Python 3.9, lxml and PyYAML; rich only for what a person looks at.
"""

__version__ = "0.1.0"
