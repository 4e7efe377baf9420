"""A command or a URL in place of a file: mistakes in its keys, and what its unit says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.xmlprom.fleet.plugins.module_utils.fetching import faults, fetch

COMMAND: dict[str, Any] = {"name": "m", "command": ["lshw", "-xml"], "user": "root"}
URL: dict[str, Any] = {"name": "m", "url": "http://127.0.0.1:8053/xml/v3"}
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "both": ({**COMMAND, **URL}, "has both command and url: set one of them"),
    "text": ({**COMMAND, "command": "lshw -xml"}, "command is 'lshw -xml': set it to a list"),
    "empty": ({**COMMAND, "command": []}, "command is []: set it to a list"),
    "nested": ({**COMMAND, "command": ["a", ["b"]]}, "command is ['a', ['b']]: set it to a list"),
    "line": ({**COMMAND, "command": ["a", "b\nc"]}, r"command is ['a', 'b\nc']: set it to a list"),
    "relative": ({**COMMAND, "command": ["./a"]}, "command has the program './a': set it to an absolute path"),
    "prefix": ({**COMMAND, "command": ["+a"]}, "command has the program '+a'"),
    "no user": ({"command": ["a"]}, "user is None: set it to the host's user"),
    "user": ({**COMMAND, "user": "a b"}, "user is 'a b': set it to the host's user"),
    "network": ({**COMMAND, "network": "eth0"}, "network is 'eth0': set it to true or false"),
    "devices": ({**COMMAND, "devices": "/dev/nvidia0"}, "devices is '/dev/nvidia0': set it to a list"),
    "no device": ({**COMMAND, "devices": ["/etc/shadow"]}, "devices is ['/etc/shadow']: set it to a list"),
    "user of a file": ({"user": "root"}, "user is for a command only"),
    "ca of a command": ({**COMMAND, "ca_file": "/a"}, "ca_file is for a URL only"),
    "size of a file": ({"size_max": "1M"}, "size_max is for a command or a URL: of a file set limits.source_size"),
    "size": ({**URL, "size_max": "1MB"}, "size_max is '1MB': set it to a size such as 64M"),
    "infinity": ({**URL, "size_max": "infinity"}, "size_max is 'infinity'"),
    "scheme": ({"url": "file:///etc/passwd"}, "url is 'file:///etc/passwd': set it to one such as http://"),
    "no scheme": ({"url": "localhost/a"}, "url is 'localhost/a': set it to one such as http://"),
    "port": ({"url": "http://a:b/"}, "url is 'http://a:b/': "),
    "credentials": ({"url": "http://a:b@c/"}, "url holds credentials: put them into a file on the host"),
    "blank": ({"url": "http://a/b c"}, "url is 'http://a/b c': write blanks"),
    "header": ({**URL, "headers_file": "headers"}, "headers_file is 'headers': set it to the absolute path"),
    "groups": ({**URL, "read_groups": ["adm"]}, "read_groups is for a file or a command"),
}


@pytest.mark.parametrize(("item", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_what_to_set(item: dict[str, Any], message: str) -> None:
    [fault] = faults(item)
    assert fault.startswith(message)


@pytest.mark.parametrize(
    "item",
    [
        {"name": "m"},
        COMMAND,
        URL,
        {**COMMAND, "command": ["/opt/a", 7, "%i $HOME"], "network": True, "devices": ["char-nvidia*"]},
        {**URL, "url": "https://[::1]:8443/a?b=c&d=%20", "ca_file": "/etc/ca.pem", "size_max": "1G"},
    ],
)
def test_what_is_fine_passes(item: dict[str, Any]) -> None:
    assert faults(item) == []


def test_a_file_is_not_fetched() -> None:
    assert fetch({"name": "m", "mapping": "m.yml"}) is None


def test_systemd_takes_a_command_s_words_as_they_are() -> None:
    found = fetch({**COMMAND, "command": ["/usr/bin/a", 'a "b" \\c', "100%", "$HOME", ";"]})
    assert found is not None
    assert found["exec"] == r'"/usr/bin/a" "a \"b\" \\c" "100%%" "$$HOME" ";"'


def test_a_secret_is_in_no_command_line() -> None:
    found = fetch({**URL, "headers_file": "/etc/m/headers", "credentials_file": "/etc/m/netrc"})
    assert found is not None
    assert '--header "@${CREDENTIALS_DIRECTORY}/headers_file"' in found["exec"]
    assert '--netrc-file "${CREDENTIALS_DIRECTORY}/credentials_file"' in found["exec"]
    assert [file["path"] for file in found["files"]] == ["/etc/m/headers", "/etc/m/netrc"]


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://localhost/", True), ("http://[::1]:80/", True), ("http://127.0.0.1.example.org/", False)],
)
def test_only_a_server_of_the_same_host_needs_no_other_network(url: str, local: bool) -> None:
    found = fetch({**URL, "url": url})
    assert found is not None
    assert found["local"] == local
