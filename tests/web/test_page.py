"""The single page: its files, its addresses, and what the browser may keep."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tests.web.answers import refusal
from tests.web.conftest import INDEX


@pytest.mark.parametrize("path", ["/", "/index.html", "/jobs/xyz", "/models/ft:gpt2:abc.def:1", "/a/b/c/", "/apiary", "/assets"])
@pytest.mark.parametrize("headers", [{}, {"accept": "text/html,*/*;q=0.8", "sec-fetch-mode": "navigate"}], ids=["a script", "a browser"])
def test_every_address_of_the_page_is_the_page_and_is_asked_for_again(client: TestClient, path: str, headers: dict[str, str]) -> None:
    response = client.get(path, headers=headers)
    assert (response.status_code, response.text, response.headers["cache-control"]) == (200, INDEX, "no-cache")
    assert response.headers["content-type"].startswith("text/html")


def test_a_file_with_a_hash_in_its_name_is_kept_for_a_year(client: TestClient) -> None:
    response = client.get("/assets/index-a1b2c3.js")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in response.headers["content-type"]


def test_other_files_are_asked_for_again(client: TestClient) -> None:
    assert client.get("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/jobs/xyz", "/favicon.svg", "/assets/index-a1b2c3.js"])
def test_what_has_not_changed_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]


def test_a_missing_file_is_not_the_page(client: TestClient) -> None:
    refusal(client.get("/assets/index-000000.js"), 404)
    refusal(client.get("/logo.png", headers={"accept": "image/avif,image/webp,*/*;q=0.8", "sec-fetch-mode": "no-cors"}), 404)
    refusal(client.get("/data.json", headers={"accept": "application/json"}), 404)


def test_head_is_answered_like_get_without_a_body(client: TestClient) -> None:
    response = client.head("/jobs/xyz")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_page_can_only_be_read(client: TestClient, method: str) -> None:
    response = client.request(method, "/jobs")
    refusal(response, 405)
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/%00",
        "/..%5csecret.txt",
        "/" + "x" * 3000,
    ],
)
def test_nothing_outside_the_build_is_ever_served(client: TestClient, page_folder: Path, path: str) -> None:
    (page_folder.parent / "secret.txt").write_text("the secret")
    response = client.get(path)
    assert response.status_code in {200, 404}
    assert "the secret" not in response.text


def test_a_missing_build_says_how_to_make_one_and_the_api_works(settings: Settings, tmp_path: Path) -> None:
    with TestClient(create_app(settings.model_copy(update={"client_folder": tmp_path / "nothing"}))) as client:
        response = client.get("/")
        assert response.status_code == 503
        assert "./build.sh" in response.text
        assert client.get("/api/installation").status_code == 200
