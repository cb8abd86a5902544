"""What belongs to somebody else is not there: the same answer as for what never was, and nothing changes."""

import pytest
from starlette.testclient import TestClient

from tests.web.answers import refusal
from tests.web.conftest import PASSWORD


@pytest.fixture
def adas_document(signed_in: TestClient) -> str:
    document_id: str = signed_in.post(
        "/api/documents", files={"file": ("notes.txt", b"The sea was calm.\n\nWe saw a heron.\n\n" * 20)}
    ).json()["id"]
    return document_id


@pytest.fixture
def bob(signed_in: TestClient) -> dict[str, str]:
    session = signed_in.post("/api/auth/register", json={"email": "bob@example.org", "password": PASSWORD}).json()
    return {"authorization": f"Bearer {session['access_token']}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/documents/{}"),
        ("GET", "/api/documents/{}/preview"),
        ("GET", "/api/documents/{}/content"),
        ("DELETE", "/api/documents/{}"),
    ],
)
def test_somebody_elses_document_is_not_there(
    signed_in: TestClient, bob: dict[str, str], adas_document: str, method: str, path: str
) -> None:
    theirs = refusal(signed_in.request(method, path.format(adas_document), headers=bob), 404)
    nobodys = refusal(signed_in.request(method, path.format("doc-nothere"), headers=bob), 404)
    assert theirs["code"] == nobodys["code"]
    assert theirs["message"].replace(adas_document, "") == nobodys["message"].replace("doc-nothere", "")
    assert signed_in.get(f"/api/documents/{adas_document}").status_code == 200


def test_lists_hold_ones_own(signed_in: TestClient, bob: dict[str, str], adas_document: str) -> None:
    assert signed_in.get("/api/documents", headers=bob).json()["data"] == []
    assert [document["id"] for document in signed_in.get("/api/documents").json()["data"]] == [adas_document]


@pytest.mark.parametrize("path", ["/api/jobs", "/api/forecasts"])
def test_somebody_elses_document_in_a_body_is_not_there_either(
    signed_in: TestClient, bob: dict[str, str], adas_document: str, path: str
) -> None:
    body = {"base_model": "gpt2-scratch-1m", "document_ids": [adas_document]}
    refusal(signed_in.post(path, json=body, headers=bob), 404)
    assert signed_in.get("/api/jobs", headers=bob).json()["data"] == []


def test_an_address_may_not_climb_out_of_its_owner(signed_in: TestClient, adas_document: str) -> None:
    for strange in ("..", "%2e%2e%2fx", "a#b", "doc-1%00", "%F0%9F%90%8D", "x" * 500, "'; DROP TABLE documents; --"):
        refusal(signed_in.get(f"/api/documents/{strange}/preview"), 404)
