"""What every answer carries and every request leaves in the log."""

import asyncio
import json
import re
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Message
from structlog.testing import capture_logs

from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

ADDRESSES = [
    "/livez",
    "/api/installation",
    "/api/nothing",
    "/api/auth/login",
    "/api/jobs",
    "/",
    "/jobs/job-1",
    "/assets/gone.js",
    "/favicon.svg",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_has_a_request_id_and_the_safe_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert re.fullmatch(r"[0-9a-f]{24}", headers["x-request-id"])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert ("script-src" in policy) == (not path.startswith(("/api", "/livez"))), "an answer of the API is no page"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_no_answer_of_the_api_is_kept_by_anybody(client: TestClient) -> None:
    for path in ("/api/installation", "/api/nothing", "/livez", "/api/jobs"):
        assert client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", ["abcd1234", "0123456789abcdef-XYZ_9", "a" * 64])
def test_a_request_id_of_the_caller_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/livez", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "with space in it", "<script>alert(1)</script>", "line\tline", "é" * 10])
def test_one_that_could_harm_a_log_is_replaced(client: TestClient, given: str) -> None:
    assert client.get("/livez", headers={"x-request-id": given.encode("latin-1")}).headers["x-request-id"] != given


def test_a_request_leaves_one_line_with_the_route_and_the_user_but_nothing_of_the_address(signed_in: TestClient) -> None:
    with capture_logs() as lines:
        signed_in.get("/api/jobs/job-secret?after=17&token=abc")
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"], line["log_level"]) == ("GET", "/api/jobs/{job_id}", 404, "info")
    assert line["user"].startswith("usr-")
    assert line["ms"] >= 0
    assert "job-secret" not in str(lines) and "abc" not in str(line)


def test_signing_in_leaves_no_secret_in_the_log(client: TestClient) -> None:
    with capture_logs() as lines:
        session = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).json()
        client.post("/api/auth/login", json={"email": EMAIL, "password": "not the pass phrase"})
        client.get(f"/api/downloads/{session['access_token']}")
    assert [line["route"] for line in lines if line["event"] == "request"] == [
        "/api/auth/register",
        "/api/auth/login",
        "/api/downloads/{token}",
    ]
    for secret in (PASSWORD, "not the pass phrase", session["access_token"], client.cookies["llm_tuner_refresh"]):
        assert secret not in str(lines)


def test_an_unexpected_error_is_in_the_log_under_the_number_that_was_told(app: FastAPI, client: TestClient) -> None:
    router = APIRouter()

    @router.get("/api/failing")
    def fail() -> None:
        raise RuntimeError("the reason")

    app.include_router(router)
    with capture_logs() as lines:
        response = client.get("/api/failing", headers={"x-request-id": "my-request-1"})
    refusal(response, 500)
    assert [line["event"] for line in lines] == ["request_failed", "request"]
    assert lines[0]["exc_info"]
    assert lines[1]["status"] == 500


def test_an_answer_that_breaks_off_half_way_is_never_passed_off_as_whole(app: FastAPI, client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("the disk is gone")

    router = APIRouter()

    @router.get("/api/breaking")
    def breaking() -> StreamingResponse:
        return StreamingResponse(chunks())

    app.include_router(router)
    with pytest.raises(Exception, match="the disk is gone"):
        client.get("/api/breaking")


# --- bodies of strangers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length",
    [[(b"content-length", b"10000000")], [(b"transfer-encoding", b"chunked")]],
    ids=["long", "of unknown length"],
)
@pytest.mark.parametrize("path", ["/api/documents", "/api/auth/login", "/jobs"])
def test_a_body_of_a_stranger_is_refused_before_it_is_read(app: FastAPI, path: str, length: list[tuple[bytes, bytes]]) -> None:
    """Asked of the application itself: a test client would read the body before it sends it."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), *length]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 401
    assert json.loads(sent[1]["body"])["error"]["code"] == "accounts.not_signed_in"


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "9" * 5000])
def test_a_length_that_is_none_counts_as_long(client: TestClient, length: str) -> None:
    refusal(client.post("/api/auth/login", content=b"{}", headers={"content-length": length}), 401)


def test_a_small_body_of_a_stranger_is_read(client: TestClient) -> None:
    refusal(client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}), 401, "accounts.wrong_credentials")
