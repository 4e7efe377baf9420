"""The look at running exporters."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.xmlprom.fleet.plugins.module_utils import exporters

THIS = Path("/proc/self/cmdline").read_text(encoding="utf-8").split("\0")[0]


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
    assert exporters.patterns(arguments) == values


@pytest.mark.parametrize(
    ("listening", "asked", "clash"),
    [
        ("127.0.0.1", "", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "127.0.0.2", True),
    ],
)
def test_finds_who_listens_where_the_exporter_is_to(listening: str, asked: str, clash: bool) -> None:
    with socket.create_server((listening, 0)) as server:
        found = exporters.listeners(f"{asked}:{server.getsockname()[1]}")
    assert [command for command, _ in found] == ([THIS] if clash else [])


def test_an_unused_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert exporters.listeners(f":{port}") == []


def test_a_process_whose_files_nobody_may_look_at_is_known_by_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container even root may not look at the descriptors of other users' processes."""
    program = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    )
    command = ["node_exporter", "-c", program]
    with subprocess.Popen(
        command, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as exporter:
        assert exporter.stdout
        address = f":{int(exporter.stdout.readline())}"
        assert "node_exporter" in dict(exporters.listeners(address))

        def refuse(*_: object) -> str:
            raise PermissionError

        monkeypatch.setattr(os, "readlink", refuse)
        assert "node_exporter" in dict(exporters.listeners(address))
        exporter.communicate("")
