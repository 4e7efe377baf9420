"""What kind a text is of."""

from __future__ import annotations

import pytest
from xmlprom.drafting.text_kinds import kind_of

KINDS = {
    "12.5": "number", "1e9": "number", "45 C": "amount", "2.1GB": "amount", "80 packets": "amount", "16x": "word",
    "50thPercentile": "word", "5m 26s": "duration", "PT900S": "duration", "1 day, 2:03:04": "duration",
    "12:30:05": "clock", "2026-11-21": "date", "Sat Nov 21 09:00:00 2026": "date", "N/A": "none",
    "[Unknown Error]": "none",
    "Not Active": "flag", "true": "flag", "0x1F": "hex", "99 1 27 2": "list", "86,87,2": "list",
    "1,024.12": "grouped",
    "41,94 GB": "grouped", "10.250.195.71": "word", "192.168.100.200": "word", "00000000:43:00.0": "word",
    "52:54:00:98:3f:cd": "word", "01-Inlet Ambient": "word", "eth0": "word", "1.2.3": "word",
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), KINDS.items(), ids=KINDS)
def test_of_a_text(text, kind):
    assert kind_of(text).name == kind
