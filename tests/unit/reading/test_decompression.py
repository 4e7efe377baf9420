"""Sources that are compressed, whatever their names say."""

from __future__ import annotations

import gzip
import lzma
import resource
import subprocess
import sys

import pytest
from command import SCRIPT
from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.reading.decompression import decompressed

TEXT = b"<s>" + b"<a/>" * 100_000 + b"</s>"
MAPPING = "rows: /s/a\nmetrics: [{name: n, help: H}]\n"
FORMATS = {"gzip": gzip.compress, "xz": lzma.compress}


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def read(content: bytes, size: int = 65536, most: int = 1 << 30) -> bytes:
    return b"".join(decompressed(pieces(content, size), most))


def failing(content: bytes, most: int = 1 << 30) -> RunError:
    with pytest.raises(RunError) as failure:
        read(content, most=most)
    return failure.value


@pytest.mark.parametrize("compress", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("size", [1, 7, 4096, 65536, 1 << 20])
def test_any_pieces_give_the_text(compress, size):
    assert read(compress(TEXT), size) == TEXT


@pytest.mark.parametrize("size", [1, 3, 65536])
@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", TEXT, b"\x1f", b"\xfd7zX"])
def test_what_is_not_compressed_stays_what_it_is(content, size):
    assert read(content, size) == content


@pytest.mark.parametrize("compress", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("size", [1, 5, 65536])
def test_members_that_follow_each_other_are_one_text(compress, size):
    members = compress(TEXT[:1000]) + compress(b"") + compress(TEXT[1000:])
    assert read(members, size) == TEXT
    assert read(members + b"\0" * 8, size) == TEXT


@pytest.mark.parametrize("compress", FORMATS.values(), ids=FORMATS)
def test_a_cut_is_seen_wherever_it_is(compress):
    whole = compress(TEXT)
    for length in {6, 12, len(whole) // 2, len(whole) - 5, len(whole) - 1}:
        failure = failing(whole[:length])
        assert failure.reason == reasons.MALFORMED
        assert "is cut off" in str(failure)
    assert "is cut off" in str(failing(whole + whole[:20]))


@pytest.mark.parametrize("compress", FORMATS.values(), ids=FORMATS)
def test_damage_and_what_follows_are_refused(compress):
    whole = compress(TEXT)
    flipped = whole[:-6] + bytes([whole[-6] ^ 0xFF]) + whole[-5:]
    for content in (flipped, whole + b"<a/>"):
        assert failing(content).reason == reasons.MALFORMED


@pytest.mark.parametrize("compress", FORMATS.values(), ids=FORMATS)
def test_a_bomb_ends_early_and_in_small_pieces(compress):
    produced: list[int] = []
    with pytest.raises(RunError) as failure:
        produced.extend(map(len, decompressed([compress(b" " * (64 << 20))], 1 << 20)))
    assert failure.value.reason == reasons.TOO_LARGE
    assert max(produced) <= 1 << 16
    assert sum(produced) <= 1 << 20


def test_the_limit_itself_may_come_out():
    assert read(gzip.compress(TEXT), most=len(TEXT)) == TEXT
    assert failing(gzip.compress(TEXT), most=len(TEXT) - 1).reason == reasons.TOO_LARGE


def test_zstd_is_read_or_refused_with_what_to_do():
    content = bytes.fromhex("28b52ffd0400210000") + b"<a/>" + bytes.fromhex("9d1aa1c2")
    try:
        from compression import zstd  # noqa: PLC0415 - of Python 3.14
    except ImportError:
        failure = failing(content)
        assert failure.reason == reasons.UNREADABLE
        assert "gzip or xz" in str(failure)
    else:
        assert read(zstd.compress(TEXT)) == TEXT


def test_collect_reads_a_compressed_file(xmlprom, write):
    mapping = write("m.yml", MAPPING)
    for name, content in (("a.xml", TEXT), ("b.gz", gzip.compress(TEXT)), ("c.xml", lzma.compress(TEXT))):
        result = xmlprom("collect", mapping, "--source", write(name, content), "--dry-run")
        assert (result.status, result.err) == (0, "")
        assert result.out.endswith("} 100000\n")


def test_collect_stays_small_with_a_large_text(write, tmp_path):
    """64 MiB out of 64 kB, in a process that may not hold them."""
    with gzip.open(tmp_path / "large.gz", "wb") as stream:
        stream.write(b"<s>")
        for _ in range(64):
            stream.write(b"<a/>" + b" " * (1 << 20))
        stream.write(b"</s>")
    command = [
        sys.executable,
        SCRIPT,
        "collect",
        write("m.yml", MAPPING),
        "--source",
        tmp_path / "large.gz",
        "--dry-run",
    ]
    limit = 36 << 20
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("} 64\n")
