"""Let a group read a file by an ACL, without the package acl: allow_group.py FILE GROUP."""

import grp
import os
import struct
import sys

USER_OBJ, GROUP_OBJ, GROUP, MASK, OTHER, READ, NOBODY = 0x01, 0x04, 0x08, 0x10, 0x20, 4, 0xFFFFFFFF

path, group = sys.argv[1:]
entries = [
    (USER_OBJ, READ | 2, NOBODY),
    (GROUP_OBJ, 0, NOBODY),
    (GROUP, READ, grp.getgrnam(group).gr_gid),
    (MASK, READ, NOBODY),
    (OTHER, 0, NOBODY),
]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr(path, "system.posix_acl_access", acl)
