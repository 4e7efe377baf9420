"""The look at running exporters."""

from __future__ import annotations

import pytest
from ansible_collections.xmlprom.fleet.plugins.modules import node_exporter_info


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["node_exporter", "--collector.textfile.directory=/a", "--x"], ["/a"]),
        (["node_exporter", "--collector.textfile.directory", "/a"], ["/a"]),
        (["node_exporter", "-collector.textfile.directory=/a", "--collector.textfile.directory=/b"], ["/a", "/b"]),
        (["node_exporter", "--collector.textfile.directory.x=/a"], []),
    ],
)
def test_finds_the_directories_of_a_running_exporter(arguments: list[str], values: list[str]) -> None:
    assert node_exporter_info.patterns(arguments) == values
