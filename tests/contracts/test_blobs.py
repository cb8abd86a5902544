"""The laws of the blobs port, run on every adapter."""

import hashlib
import io
import os
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server.adapters.aws_setup import create_bucket
from server.adapters.blobs_disk import DiskBlobs
from server.adapters.blobs_s3 import S3Blobs
from server.errors import NotFound
from server.ports.blobs import Blobs
from tests import aws_server


@pytest.fixture(params=["disk", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "disk":
        return DiskBlobs(tmp_path / "blobs")
    bucket = f"test-{os.urandom(8).hex()}"
    create_bucket(bucket, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    return S3Blobs(bucket, prefix="installation/", client=aws_server.client("s3"))


class BrokenSource(io.BytesIO):
    """Gives some bytes, then fails as a cut upload does."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionError("the line was cut")
        return super().read(3)


def test_what_was_put_is_what_is_read(blobs: Blobs) -> None:
    data = os.urandom(20_000_001)
    stat = blobs.put("a/b", io.BytesIO(data))
    assert stat.size_bytes == len(data)
    assert stat.sha256 == hashlib.sha256(data).hexdigest()
    assert b"".join(blobs.open("a/b")) == data
    assert blobs.size("a/b") == len(data)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 1), (5, 5), (7, 1_200_000), (999_999, None), (3_000_000, None), (0, 10**9)])
def test_ranges_give_exactly_the_bytes_asked_for(blobs: Blobs, start: int, end: int | None) -> None:
    data = os.urandom(3_000_000)
    blobs.put("x", io.BytesIO(data))
    assert b"".join(blobs.open("x", start=start, end=end)) == data[start:end]


def test_a_link_gives_the_whole_blob_as_a_file_to_save_for_a_while_or_there_is_none(blobs: Blobs) -> None:
    data = os.urandom(100_000)
    blobs.put("x", io.BytesIO(data))
    link = blobs.link("x", filename="Größe <b>.html", expires_s=60)
    if isinstance(blobs, DiskBlobs):
        assert link is None
        return
    assert link is not None
    asked = parse_qs(urlsplit(link).query)
    assert (asked["X-Amz-Expires"], asked["X-Amz-Algorithm"]) == (["60"], ["AWS4-HMAC-SHA256"])
    answer = httpx.get(link)
    assert answer.content == data
    assert (
        answer.headers["content-disposition"] == "attachment; filename=\"Gr__e _b_.html\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%3Cb%3E.html"
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    assert httpx.get(link, headers={"range": "bytes=10-19"}).content == data[10:20]


def test_putting_again_replaces(blobs: Blobs) -> None:
    blobs.put("x", io.BytesIO(b"a long first version"))
    blobs.put("x", io.BytesIO(b"second"))
    assert b"".join(blobs.open("x")) == b"second"


def test_a_cut_upload_leaves_nothing_and_keeps_the_old(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put("old", io.BytesIO(b"old bytes"))
    for key in ("old", "new"):
        with pytest.raises(ConnectionError):
            blobs.put(key, BrokenSource(b"abcdef"))
    assert b"".join(blobs.open("old")) == b"old bytes"
    assert blobs.size("new") is None
    if isinstance(blobs, DiskBlobs):
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["old"]


def test_a_missing_blob_is_said_at_the_call(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        blobs.open("nothing/here")
    assert blobs.size("nothing/here") is None
    blobs.delete("nothing/here")


def test_deleting_one_leaves_its_neighbours(blobs: Blobs) -> None:
    for key in ("a/b/c", "a/b/d"):
        blobs.put(key, io.BytesIO(key.encode()))
    blobs.delete("a/b/c")
    assert blobs.size("a/b/c") is None
    assert b"".join(blobs.open("a/b/d")) == b"a/b/d"


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", "..", "a/../b", "a/./b", ".incoming/x", "a\\b\n", "a b", "ä", "a\0b", "x" * 300]
)
def test_a_key_cannot_leave_the_store(blobs: Blobs, key: str) -> None:
    for call in (lambda: blobs.put(key, io.BytesIO(b"x")), lambda: blobs.open(key), lambda: blobs.size(key), lambda: blobs.delete(key)):
        with pytest.raises(ValueError, match="not a blob key"):
            call()


def test_two_writers_of_one_key_leave_one_whole_blob(blobs: Blobs) -> None:
    versions = [bytes([number]) * 2_000_000 for number in range(4)]
    threads = [threading.Thread(target=blobs.put, args=("same", io.BytesIO(version))) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert b"".join(blobs.open("same")) in versions


def test_half_written_blobs_of_a_crash_are_swept_at_the_next_start(tmp_path: Path) -> None:
    DiskBlobs(tmp_path)
    (tmp_path / ".incoming" / "half").write_bytes(b"half")
    DiskBlobs(tmp_path)
    assert not list((tmp_path / ".incoming").iterdir())
