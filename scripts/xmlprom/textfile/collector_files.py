"""Which files a collector has in the textfile directory."""

from __future__ import annotations

import os
from typing import NamedTuple

DEFAULT_DIRECTORY = "/var/lib/prometheus/node-exporter"


class CollectorFiles(NamedTuple):
    """The data file and the status file of `collector`; `neighbours` are further directories that node_exporter reads.

    A neighbour may be a glob, as node_exporter's flag may.
    """

    collector: str
    directory: str
    neighbours: tuple[str, ...] = ()

    @property
    def data(self) -> str:
        return os.path.join(self.directory, f"{self.collector}.prom")

    @property
    def status(self) -> str:
        return os.path.join(self.directory, f"{self.collector}.status.prom")
