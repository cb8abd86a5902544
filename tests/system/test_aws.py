"""The whole path with DynamoDB and S3 under it: chosen by settings alone, and a new server on an empty machine finds everything again."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.chaos_servers import tiny, trainers_of, user
from server.adapters.aws_setup import create_bucket, create_table
from server.adapters.blobs_s3 import S3Blobs
from server.adapters.records_dynamodb import DynamoRecords
from server.domain import keys
from server.domain.jobs.copied import found_copy
from server.operating import create_tables, reset_password
from tests import aws_server
from tests.system.harness import ROOT, START_TIMEOUT_S, Client, Server, running_server


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
        assert create_tables.main([]) == 0
        assert create_tables.main([]) == 0  # as often as you like
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


def test_a_forgotten_password_is_reset_from_any_machine_with_the_settings(
    server: Server, settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.client().register("eve@example.org")
    for key, value in settings.items():
        monkeypatch.setenv(f"LLM_TUNER_{key.upper()}", value)
    assert reset_password.main(["eve@example.org", "--data", str(tmp_path)]) == 0
    token = capsys.readouterr().out.strip().partition("/reset-password#token=")[2]
    answer = httpx.post(
        f"{server.url}/api/auth/password-reset/finish", json={"token": token, "password": "quite another phrase"}, timeout=30
    )
    assert answer.status_code == 204
    server.client().login("eve@example.org", "quite another phrase")


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


def test_a_run_goes_on_upon_another_machine_from_the_bucket_alone(
    tmp_path: Path, settings: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """Server, trainer and disk are lost at once. The model is the very one that a calm run makes."""
    name, steps = f"two-machines-{os.urandom(4).hex()}", 120
    create_table(name, aws_server.client("dynamodb"))
    create_bucket(name, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    often = {**settings, "aws_table": name, "aws_bucket": name, "checkpoint_every_s": "1", "signing_secret": "x" * 40}
    records = DynamoRecords(name, aws_server.client("dynamodb"))
    lost = Server(tmp_path / "lost" / "data", **often)
    request.addfinalizer(lost.close)
    for machine in ("lost", "other"):
        (tmp_path / machine).mkdir()
    with running_server(tmp_path / "other" / "data", **often) as other:
        lost.start()
        first, document = user(lost, "grace")
        job = first.create_job(**tiny(document, steps=steps))
        run_folder = lost.data / "runs" / job["id"]
        until(lambda: any(run_folder.glob("checkpoints/step-*/manifest.json")), "a checkpoint")
        (trainer,) = trainers_of(lost, job["id"])
        trainer.suspend()  # So that it is not done before its checkpoint is copied, however slow this machine is.
        until(lambda: (copy := found_copy(records, job["id"])) is not None and copy.value.checkpoints != [], "a copied checkpoint")
        lost.kill()
        trainer.kill()
        trainer.wait()
        told = (run_folder / "events.jsonl").read_bytes()
        calm = calm_run(run_folder, tmp_path / "calm")
        shutil.rmtree(lost.data)

        again = other.client()
        again.login("grace@example.org")
        done = again.wait_for(job["id"], "succeeded", timeout_s=120)
        assert (done["num_runs"], done["num_resumes"]) == (2, 1)
        assert "another one has taken it over" in str([move["reason"] for move in done["history"]])
        log = [line["text"] for line in again.get(f"/api/jobs/{job['id']}/logs?limit=1000")["lines"]]
        assert (other.data / "runs" / job["id"] / "events.jsonl").read_bytes()[:2000] == told[:2000]
        assert any(line.startswith("Going on") for line in log)
        points = again.get(f"/api/jobs/{job['id']}/metrics")["data"]
        seen = [point["step"] for point in points if point["loss"] is not None]
        assert seen == sorted(set(seen))
        assert (seen[0], seen[-1]) == (1, steps)
        assert again.post(f"/api/tuned-models/{done['tuned_model']}/generate", prompt="What of", max_tokens=4)["num_tokens"] == 4
        assert calm.wait(timeout=120) == 0
        assert weights_of(again, done) == hashlib.sha256((tmp_path / "calm/model/model.safetensors").read_bytes()).hexdigest()

        until(lambda: records.get(keys.tidying(job["id"])) is None, "the tidying")
        copy = found_copy(records, job["id"])
        assert copy is not None
        assert copy.value.checkpoints == []
        kept = {key for key in S3Blobs(name, prefix="prod/").everything() if job["id"] in key}
        assert kept == {keys.run_blob(copy.value.owner, job["id"], name) for name in copy.value.names()}


def calm_run(run_folder: Path, folder: Path) -> subprocess.Popen[bytes]:
    """The same training again, by a trainer alone, that nobody disturbs."""
    folder.mkdir()
    shutil.copytree(run_folder / "data", folder / "data")
    spec = json.loads((run_folder / "spec.json").read_text())
    for file in spec["data"]:
        file["path"] = str(folder / "data" / Path(file["path"]).name)
    (folder / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--spec", str(folder / "spec.json")]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def weights_of(client: Client, job: dict[str, Any]) -> str:
    archive = client.http.get(f"/api/tuned-models/{job['tuned_model']}/download").content
    return hashlib.sha256(zipfile.ZipFile(io.BytesIO(archive)).read("model.safetensors")).hexdigest()


def until(true: Callable[[], bool], what: str, *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.05)
