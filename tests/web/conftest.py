"""The real application over a folder of its own: real records, real files, a small page. `client` is a stranger, `signed_in` is Ada."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings

EMAIL = "ada@example.org"
PASSWORD = "a long pass phrase"
SECRET = "a secret of the tests that is long enough"
INDEX = "<!doctype html><title>LLM Tuner</title>"


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Tracebacks without colours and frames: drawing those takes a second each."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    """What a build of the page leaves, in small."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-a1b2c3.js").write_text("console.log('hello')")
    return folder


@pytest.fixture
def settings(tmp_path: Path, page_folder: Path) -> Settings:
    return Settings(home=tmp_path / "data", client_folder=page_folder, hub="off", signing_secret=SECRET)  # type: ignore[arg-type]


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    """The same client after it has registered: it sends its access token with every request."""
    session = client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD}).json()
    client.headers["authorization"] = f"Bearer {session['access_token']}"
    return client
