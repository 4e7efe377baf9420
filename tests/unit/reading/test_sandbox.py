"""Where a source in a collector's sandbox really is; tables of mounts as systemd 252 and 257 leave them."""

import pytest
from xmlprom.errors import RunError
from xmlprom.reading import files, sandbox

HOST = """\
20 1 0:26 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
21 20 0:27 / /home rw,relatime shared:2 - ext4 /dev/vda2 rw
22 20 0:28 /export/data /mnt/data rw,relatime shared:3 - nfs4 store:/ rw
23 20 0:29 /@srv /srv/a\\040b rw,relatime shared:4 - btrfs /dev/vdb rw
"""
SOURCE = "/home/store/private/store.xml"
RIGHT = {
    "its own place": (SOURCE, "0:27 /store/private/store.xml", SOURCE),
    "replaced meanwhile": (SOURCE, "0:27 /store/private/store.xml//deleted", SOURCE),
    "rotated meanwhile": (SOURCE, "0:27 /store/private/store.xml.1", SOURCE),
    "a link beside it": ("/srv/s.xml", "0:26 /srv/s-2026.xml", "/srv/s.xml"),
    "a directory": ("/var/log/app/x.xml", "0:26 /var/log/app", "/var/log/app"),
    "a share": ("/mnt/data/s.xml", "0:28 /export/data/s.xml", "/mnt/data/s.xml"),
    "a subvolume with a space": ("/srv/a b/s.xml", "0:29 /@srv/s.xml", r"/srv/a\040b/s.xml"),
    "/var/run": ("/var/run/app/s.xml", "0:26 /run/app/s.xml", "/var/run/app/s.xml"),
}
WRONG = {
    "a file elsewhere": (SOURCE, "0:27 /other/store.xml", SOURCE),
    "a directory above it is a link": (SOURCE, "0:27 /store/elsewhere/store.xml", SOURCE),
    "another file system": (SOURCE, "0:26 /root/store.xml", SOURCE),
    "the same path on another file system": (SOURCE, "0:26 /store/private/store.xml", SOURCE),
    "a glob's directory": ("/var/log/app/x.xml", "0:26 /root/closed", "/var/log/app"),
    "a glob's directory beside it": ("/var/log/app/x.xml", "0:26 /var/log/closed", "/var/log/app"),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Looks at a source with such a line in the sandbox's own table."""

    def look(source, real, point):
        host, own = tmp_path / "host", tmp_path / "own"
        host.write_text(HOST)
        device, root = real.split(" ", 1)
        own.write_text(
            "30 1 0:30 /xmlprom-a / ro - tmpfs tmpfs rw\n31 30 0:26 /usr /usr ro - ext4 /dev/vda1 rw\n"
            f"32 30 0:31 / /home ro - tmpfs tmpfs rw\n33 32 {device} {root} {point} ro shared:9 - ext4 /dev/vda2 rw\n"
        )
        monkeypatch.setattr(sandbox, "OWN_MOUNTS", str(own))
        sandbox.check_place(source, str(host))

    return look


@pytest.mark.parametrize("name", RIGHT)
def test_a_source_at_its_path_is_read(name, place):
    place(*RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_a_source_behind_a_link_that_leads_elsewhere_is_refused(name, place):
    with pytest.raises(RunError) as raised:
        place(*WRONG[name])
    assert raised.value.reason == "not_regular"


def test_it_is_looked_at_before_a_byte_is_read(tmp_path, monkeypatch):
    (tmp_path / "host").write_text(HOST)
    (tmp_path / "own").write_text(f"33 32 0:26 /root/s.xml {tmp_path}/s.xml ro shared:9 - ext4 /dev/vda2 rw\n")
    (tmp_path / "s.xml").write_text("<s/>")
    monkeypatch.setattr(sandbox, "OWN_MOUNTS", str(tmp_path / "own"))
    files.open_source(str(tmp_path / "s.xml"), 100).stream.close()
    monkeypatch.setattr(files, "_HOST_MOUNTS", str(tmp_path / "host"))
    with pytest.raises(RunError, match="leads elsewhere"):
        files.open_source(str(tmp_path / "s.xml"), 100)
