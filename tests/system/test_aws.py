"""The whole path with DynamoDB and S3 under it: chosen by settings alone, and a new server on an empty machine finds everything again."""

import io
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts import create_tables
from tests import aws_server
from tests.system.harness import START_TIMEOUT_S, Client, Server, running_server


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    aws_server.endpoint()
    name = f"llm-tuner-{os.urandom(4).hex()}"
    return {
        "hub": "off",
        "trainer_threads": "1",
        "records": "dynamodb",
        "blobs": "s3",
        "aws_table": name,
        "aws_bucket": name,
        "aws_prefix": "prod/",
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for key, value in settings.items():
            patch.setenv(f"LLM_TUNER_{key.upper()}", value)
        patch.setattr("sys.argv", ["create_tables.py"])
        assert create_tables.main() == 0
        assert create_tables.main() == 0  # as often as you like
    with running_server(tmp_path_factory.mktemp("aws") / "data", signing_secret="x" * 40, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    client = server.client()
    client.register()
    return client


@pytest.fixture(scope="module")
def tuned_model(client: Client, small_text: bytes) -> str:
    document = client.upload(small_text, "log.txt")
    job = client.create_job(base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters={"max_steps": 12})
    return str(client.wait_for(job["id"], "succeeded", timeout_s=120)["tuned_model"])


def test_a_model_is_trained_asked_and_downloaded(client: Client, tuned_model: str) -> None:
    asked = client.post(f"/api/tuned-models/{tuned_model}/generate", prompt="Day 61.", max_tokens=8)
    assert asked["num_tokens"] == 8
    archive = client.http.get(f"/api/tuned-models/{tuned_model}/download").content
    assert "model.safetensors" in zipfile.ZipFile(io.BytesIO(archive)).namelist()


def test_nothing_of_the_records_or_uploads_lies_on_the_disk(server: Server, client: Client, tuned_model: str) -> None:
    assert not (server.data / "records.sqlite3").exists()
    assert [path for path in (server.data / "blobs").rglob("*") if path.is_file()] == []


def test_another_machine_with_the_same_settings_finds_everything(server: Server, client: Client, tuned_model: str) -> None:
    server.stop()
    shutil.rmtree(server.data)
    server.start()
    again = server.client()
    again.login()
    assert [model["id"] for model in again.get("/api/tuned-models")["data"]] == [tuned_model]
    assert again.post(f"/api/tuned-models/{tuned_model}/generate", prompt="Day 61.", max_tokens=8)["num_tokens"] == 8
    document = again.get("/api/documents")["data"][0]
    assert again.http.get(f"/api/documents/{document['id']}/content").is_success


def test_a_table_that_is_not_there_is_said_and_the_server_stays_up(tmp_path: Path, settings: dict[str, str]) -> None:
    with_wrong_table = {**settings, "aws_table": "nowhere"}
    server = Server(tmp_path / "data", **with_wrong_table)
    server.launch()
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not server.answers("/livez") and time.monotonic() < deadline:
            time.sleep(0.1)
        said = httpx.post(f"{server.url}/api/auth/login", json={"email": "ada@example.org", "password": "a long pass phrase"}, timeout=30)
        assert said.status_code == 503
        assert said.json()["error"]["code"] == "aws.not_set_up"
        assert "create_tables.py" in said.json()["error"]["message"]
    finally:
        server.close()
