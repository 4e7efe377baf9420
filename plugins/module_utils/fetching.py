"""What makes a collector's XML before each run, a command or a URL: the keys' checks, and what its unit says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

OF_COMMAND = ("user", "network", "devices")
OF_URL = ("headers_file", "credentials_file", "ca_file")
KEYS = ("command", *OF_COMMAND, "url", *OF_URL, "size_max")
SIZE_MAX = "64M"
# Of each file of a URL curl's option for it, and the name under which systemd passes its content on.
CURL_OPTIONS = {
    "headers_file": '--header "@${CREDENTIALS_DIRECTORY}/headers_file"',
    "credentials_file": '--netrc-file "${CREDENTIALS_DIRECTORY}/credentials_file"',
    "ca_file": '--cacert "${CREDENTIALS_DIRECTORY}/ca_file"',
}
CURL = "/usr/bin/curl --disable --silent --show-error --globoff --proto =http,https"
# The last line of stderr; a status that is not 200 is no failure to curl, nor is a redirect that it doesn't follow.
CURL_STATUS = r"'%%{stderr}\n%%{http_code} %%{redirect_url}\n'"
SUCCEEDED = '[ "$$SERVICE_RESULT" = success ]'
LOCAL = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")


def faults(item: Mapping[str, Any]) -> list[str]:
    """What is wrong with a collector's keys, each with what to set; nothing for a source that is a file."""
    if "command" in item and "url" in item:
        return ["has both command and url: set one of them"]
    found = [f"{key} is for a command only: set command, or leave it out" for key in OF_COMMAND if key in item]
    if "command" in item:
        found = command_faults(item)
    if "url" in item:
        found += url_faults(item)
    else:
        found += [f"{key} is for a URL only: set url, or leave it out" for key in OF_URL if key in item]
    if "size_max" in item and not ("command" in item or "url" in item):
        found.append("size_max is for a command or a URL: of a file set limits.source_size in its mapping")
    elif not re.fullmatch("0*[1-9][0-9]*[KMG]?", str(item.get("size_max", SIZE_MAX))):
        found.append(f"size_max is {item['size_max']!r}: set it to a size such as {SIZE_MAX}")
    return found


def command_faults(item: Mapping[str, Any]) -> list[str]:
    command, user = item["command"], item.get("user")
    if not isinstance(command, (list, tuple)) or not command or not all(is_word(word) for word in command):
        return [f"command is {command!r}: set it to a list of a program and its arguments, such as [lshw, -xml]"]
    found = []
    if not re.fullmatch(r"(/[\w.+@/-]*)?[\w.][\w.+@-]*", str(command[0])):
        found.append(f"command has the program {command[0]!r}: set it to an absolute path, or to a name such as lshw")
    if not re.fullmatch(r"[\w.][\w.-]*\$?", str(user or "")):
        found.append(f"user is {user!r}: set it to the host's user that the command is to run as")
    if not isinstance(item.get("network", False), bool):
        found.append(f"network is {item['network']!r}: set it to true or false")
    devices = item.get("devices", [])
    if isinstance(devices, str) or not all(re.fullmatch(r"(/dev/|char-|block-)[^\s\"%]+", str(one)) for one in devices):
        found.append(f"devices is {devices!r}: set it to a list of devices such as /dev/nvidia0")
    return found


def is_word(word: Any) -> bool:
    return not isinstance(word, (list, tuple, Mapping)) and str(word).isprintable() and str(word) != ""


def url_faults(item: Mapping[str, Any]) -> list[str]:
    fault = url_fault(str(item["url"]))
    found = [fault] if fault else []
    found += [
        f"{key} is {item[key]!r}: set it to the absolute path of a file on the host"
        for key in OF_URL
        if key in item and not re.fullmatch(r'/[^\s"\\:%]+', str(item[key]))
    ]
    if item.get("read_groups"):
        found.append("read_groups is for a file or a command: leave it out, systemd reads the files of a URL as root")
    return found


def url_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"url is {url!r}: {error}: correct it"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"url is {url!r}: set it to one such as http://127.0.0.1:8053/xml/v3"
    if parts.username is not None:
        return "url holds credentials: put them into a file on the host, and set credentials_file"
    if not url.isprintable() or re.search(r'[\s"\\]', url):
        return f"url is {url!r}: write blanks, quotes and backslashes as %20, %22 and %5C"
    return ""


def fetch(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the unit says that makes the XML of a collector without faults; None if its source is a file."""
    if "url" in item:
        return url_fetch(item)
    if "command" not in item:
        return None
    command = [str(word) for word in item["command"]]
    return {
        "url": "",
        "exec": " ".join(map(quoted, command)),
        "succeeded": SUCCEEDED,
        "label": quoted(shlex.join(command)),
        "user": item["user"],
        "network": item.get("network", False),
        "devices": item.get("devices", []),
        "size_max": item.get("size_max", SIZE_MAX),
    }


def url_fetch(item: Mapping[str, Any]) -> dict[str, Any]:
    url = str(item["url"])
    files = [key for key in OF_URL if key in item]
    options = " ".join(CURL_OPTIONS[key] for key in files)
    return {
        "url": url,
        "exec": " ".join(filter(None, [CURL, options, f"--write-out {CURL_STATUS} --url {quoted(url)}"])),
        "succeeded": f'{SUCCEEDED} && [ "$$(tail -n 1 xmlprom-{item["name"]}.log)" = "200 " ]',
        "label": quoted(url),
        "files": [{"name": key, "path": item[key]} for key in files],
        "local": LOCAL.fullmatch(urlsplit(url).hostname or "") is not None,
        "size_max": item.get("size_max", SIZE_MAX),
    }


def quoted(word: str) -> str:
    """A word of a command line in a unit, which systemd takes as it is."""
    for special, escaped in (("\\", r"\\"), ('"', r"\""), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, escaped)
    return f'"{word}"'
