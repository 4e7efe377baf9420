"""Who may write to the textfile directory."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from ansible_collections.xmlprom.fleet.plugins.modules import xmlprom_host

GROUP = 12345


@pytest.mark.parametrize(
    ("found", "shared"),
    [
        (None, False),
        (["root", "root", "0755"], False),
        (["node-exp", "node-exp", "0755"], True),
        (["root", "staff", "0775"], True),
        (["root", "root", "1777"], True),
        (["root", "root", "0755", "02000000"], True),
    ],
)
def test_a_directory_is_shared_if_others_than_root_write_there(found: list[str] | None, shared: bool) -> None:
    assert xmlprom_host.is_shared(found) == shared


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o700])
def test_the_acl_lets_the_group_write_and_nobody_else_more_than_before(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    acl = xmlprom_host.acl_with(GROUP, b"", mode)
    os.setxattr(tmp_path, xmlprom_host.ACL, acl)
    # The kernel shows the mask, what a group may have at most, as the group's bits.
    assert tmp_path.stat().st_mode & 0o777 == mode | 0o070
    entries = {(tag, who): bits for tag, bits, who in struct.iter_unpack("<HHI", acl[4:])}
    assert entries[xmlprom_host.OWN_GROUP, xmlprom_host.ANY] == mode >> 3 & 7
    assert entries[xmlprom_host.GROUP, GROUP] == 7
    assert xmlprom_host.acl_with(GROUP, xmlprom_host.acl_of(str(tmp_path)), tmp_path.stat().st_mode) == acl


def test_a_mask_that_held_others_back_still_does(tmp_path: Path) -> None:
    entry = struct.pack
    any_, user = xmlprom_host.ANY, 54321
    before = entry("<I", 2) + b"".join(
        entry("<HHI", *one) for one in [(1, 7, any_), (2, 7, user), (4, 7, any_), (16, 5, any_), (32, 0, any_)]
    )
    acl = xmlprom_host.acl_with(GROUP, before, 0o750)
    entries = {(tag, who): bits for tag, bits, who in struct.iter_unpack("<HHI", acl[4:])}
    assert entries == {(1, any_): 7, (2, user): 5, (4, any_): 5, (8, GROUP): 7, (16, any_): 7, (32, any_): 0}
