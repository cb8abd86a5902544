"""A document's bytes over HTTP: whole, in parts, and by an address that needs no header."""

import pytest
from fastapi.testclient import TestClient

CONTENT = "".join(f"Line {number} of a text.\n\n" for number in range(200)).encode()


@pytest.fixture
def address(signed_in: TestClient) -> str:
    document = signed_in.post("/api/documents", files={"file": ("Größe.txt", CONTENT)}).json()
    return f"/api/documents/{document['id']}"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=10-999999", 10, None), ("bytes=-999999", 0, None)],
)
def test_a_part_is_exactly_what_was_asked_for(signed_in: TestClient, address: str, asked: str, start: int, end: int | None) -> None:
    part = signed_in.get(f"{address}/content", headers={"range": asked})
    wanted = CONTENT[start:end]
    first = start % len(CONTENT) if len(wanted) < len(CONTENT) else 0
    assert (part.status_code, part.content) == (206, wanted)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(CONTENT)}"
    assert part.headers["content-length"] == str(len(wanted))


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-", ""])
def test_what_is_no_single_range_gets_the_whole(signed_in: TestClient, address: str, asked: str) -> None:
    whole = signed_in.get(f"{address}/content", headers={"range": asked})
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["accept-ranges"] == "bytes"


def test_a_part_beyond_the_end_is_refused(signed_in: TestClient, address: str) -> None:
    for asked in (f"bytes={len(CONTENT)}-", "bytes=-0"):
        refused = signed_in.get(f"{address}/content", headers={"range": asked})
        assert refused.status_code == 416
        assert refused.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_download_goes_on_only_with_the_same_file(signed_in: TestClient, address: str) -> None:
    tag = signed_in.get(f"{address}/content").headers["etag"]
    assert signed_in.get(f"{address}/content", headers={"range": "bytes=5-", "if-range": tag}).status_code == 206
    assert signed_in.get(f"{address}/content", headers={"range": "bytes=5-", "if-range": '"other"'}).status_code == 200


def test_a_link_downloads_without_a_header_and_this_document_alone(signed_in: TestClient, address: str) -> None:
    link = signed_in.post(f"{address}/download-link").json()
    assert link["expires_in"] == 60
    bearer = signed_in.headers.pop("authorization")
    file = signed_in.get(link["url"], headers={"range": "bytes=0-3"})
    assert (file.status_code, file.content) == (206, b"Line")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt" in file.headers["content-disposition"]
    signed_in.headers["authorization"] = bearer
    signed_in.delete(address)
    assert signed_in.get(link["url"]).status_code == 404
