"""Whether the server lives and can work, and what it tells everybody."""

import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.settings import VERSION, Settings
from tests.web.answers import refusal


def test_a_healthy_server_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_its_records_it_lives_but_is_not_ready(app: FastAPI, client: TestClient) -> None:
    app.state.services.records.close()
    refusal(client.get("/readyz"), 503, "server.not_ready")
    assert client.get("/livez").status_code == 200


def test_without_its_folder_it_is_not_ready(settings: Settings, client: TestClient) -> None:
    shutil.rmtree(settings.temporary_folder)
    response = client.get("/readyz")
    refusal(response, 503, "server.not_ready")
    assert str(settings.home) not in response.text
    assert response.headers["retry-after"]


def test_on_a_full_disk_it_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil._ntuple_diskusage(10**12, 10**12 - 1000, 1000)
    monkeypatch.setattr("server.web.routes.health.shutil.disk_usage", lambda _: full)
    assert "full" in refusal(client.get("/readyz"), 503, "server.not_ready")["message"]


def test_being_asked_leaves_nothing_behind(settings: Settings, client: TestClient) -> None:
    client.get("/readyz")
    assert list(Path(settings.temporary_folder).iterdir()) == []


def test_everybody_may_know_what_the_sign_in_screen_needs(client: TestClient) -> None:
    assert client.get("/api/installation").json() == {
        "object": "installation",
        "version": VERSION,
        "google_sign_in": False,
        "registration": "open",
        "set_up_open": True,
        "email_configured": False,
        "max_upload_bytes": 2 * 1024**3,
        "accepted_suffixes": [".txt", ".md", ".html", ".pdf", ".docx", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".zip"],
        "min_password_characters": 12,
    }
