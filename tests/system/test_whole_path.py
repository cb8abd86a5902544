"""From an account to a model that anybody's transformers can load: the real server, a real training, over HTTP alone."""

import hashlib
import io
import json
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.harness import Client, Server
from tests.system.plain_transformers import download, greedy_tokens

PROMPT = "Day 61. The sea was"
NUM_TOKENS = 24


@dataclass
class Tuned:
    """What the one training of this module left."""

    document: dict[str, Any]
    forecast: dict[str, Any]
    states: list[str]
    job: dict[str, Any]


@pytest.fixture(scope="module")
def tuned(client: Client, small_text: bytes) -> Tuned:
    document = client.upload(small_text, "log.txt")
    request: dict[str, Any] = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "hyperparameters": {"max_steps": 60}}
    forecast = client.post("/api/forecasts", **request)
    job = client.create_job(name="The log", note="first try", **request)
    states = [job["state"], client.wait_for(job["id"], "running", "succeeded", timeout_s=30)["state"]]
    return Tuned(document, forecast, states, client.wait_for(job["id"], "succeeded", timeout_s=100))


def test_the_document_says_what_was_found(tuned: Tuned) -> None:
    assert tuned.document["format"] == "txt"
    assert tuned.document["num_examples"] >= 4
    assert tuned.document["shapes"] == {"text": tuned.document["num_examples"]}


def test_the_preview_shows_the_text_that_the_model_will_see(client: Client, tuned: Tuned) -> None:
    preview = client.get(f"/api/documents/{tuned.document['id']}/preview?limit=1")
    assert preview["num_examples"] == tuned.document["num_examples"]
    assert "".join(segment["text"] for segment in preview["data"][0]["segments"]).startswith("Day 1. The sea was")


def test_the_bytes_come_back_as_they_were_sent(client: Client, tuned: Tuned, small_text: bytes) -> None:
    assert client.http.get(f"/api/documents/{tuned.document['id']}/content").content == small_text


def test_the_forecast_is_what_the_job_then_uses(tuned: Tuned) -> None:
    assert tuned.forecast["method"] == tuned.job["method"] == "scratch"
    assert tuned.forecast["resolved"] == tuned.job["resolved"]
    assert tuned.forecast["num_steps"] == tuned.job["progress"]["num_steps"] == 60
    assert all(resolved["reason"] for resolved in tuned.job["resolved"].values())


def test_the_job_went_from_the_queue_to_success(tuned: Tuned) -> None:
    assert tuned.states[0] == "queued"
    assert tuned.job["progress"]["step"] == 60
    assert tuned.job["error"] is None
    assert tuned.job["started_at"] < tuned.job["finished_at"]


def test_the_log_shows_settings_and_five_samples(client: Client, tuned: Tuned) -> None:
    lines = client.log_of(tuned.job["id"]).splitlines()
    samples = [line for line in lines if line.startswith("Sample ")]
    assert len(samples) == 5
    assert all(len(sample.partition(": ")[2]) <= 151 for sample in samples)  # 150 characters, and a mark where it was cut
    assert any(line.startswith("Hyper-parameters: ") and "learning_rate=" in line for line in lines)


def test_the_log_read_in_pieces_is_the_log_read_at_once(client: Client, tuned: Tuned) -> None:
    whole = client.get(f"/api/jobs/{tuned.job['id']}/logs?limit=1000")["lines"]
    pieces: list[dict[str, Any]] = []
    cursor = 0
    while page := client.get(f"/api/jobs/{tuned.job['id']}/logs?after={cursor}&limit=3")["lines"]:
        pieces += page
        cursor = page[-1]["cursor"]
    assert pieces == whole


def test_the_loss_fell(client: Client, tuned: Tuned) -> None:
    points = client.get(f"/api/jobs/{tuned.job['id']}/metrics?after=0")["data"]
    losses = [point["loss"] for point in points if point["loss"] is not None]
    validation = [point["validation_loss"] for point in points if point["validation_loss"] is not None]
    assert losses[-1] < 0.8 * losses[0]
    assert validation[-1] < 0.8 * validation[0]
    steps = [point["step"] for point in points]
    assert steps == sorted(steps)


def test_the_model_carries_its_figures(client: Client, tuned: Tuned) -> None:
    model = client.get(f"/api/tuned-models/{tuned.job['tuned_model']}")
    assert model["id"].startswith("ft:gpt2-scratch-1m:")
    assert model["job_id"] == tuned.job["id"]
    assert model["validation_loss"] < model["validation_loss_before"]
    assert model["id"] in [listed["id"] for listed in client.get("/api/tuned-models")["data"]]


def test_the_same_prompt_gives_the_same_answer_twice(client: Client, tuned: Tuned) -> None:
    assert generate(client, tuned)["token_ids"] == generate(client, tuned)["token_ids"]


def test_the_download_decodes_the_same_tokens_in_plain_transformers(client: Client, tuned: Tuned, tmp_path: Path) -> None:
    answer = generate(client, tuned)
    assert greedy_tokens(download(client, tuned.job["tuned_model"], tmp_path), PROMPT, NUM_TOKENS) == answer["token_ids"]


def test_a_download_link_works_without_a_token_and_for_this_model_alone(client: Client, tuned: Tuned) -> None:
    link = client.post(f"/api/tuned-models/{tuned.job['tuned_model']}/download-link")
    anonymous = httpx.get(httpx.URL(client.http.base_url).join(link["url"]))
    assert anonymous.status_code == 200
    names = zipfile.ZipFile(io.BytesIO(anonymous.content)).namelist()
    assert any(name.endswith("model.safetensors") for name in names)
    assert not [name for name in names if name.startswith("/") or ".." in name]
    tampered = httpx.get(httpx.URL(client.http.base_url).join(link["url"] + "x"))
    assert tampered.status_code in {401, 403, 404}
    assert "error" in tampered.json()


def test_the_model_is_exported_for_llama_cpp_and_was_compared_with_the_trainer_before(client: Client, tuned: Tuned) -> None:
    path = f"/api/tuned-models/{tuned.job['tuned_model']}/exports"
    assert {one["format"]: one["state"] for one in client.get(path)["data"]} == {
        "safetensors": "ready",
        "gguf-f32": "absent",
        "gguf-f16": "absent",
        "gguf-q8_0": "absent",
    }
    assert client.http.get(f"{path}/gguf-f16/download").status_code == 409
    assert client.post(path, format="gguf-f16")["state"] == "waiting"
    export = until_exported(client, path, "gguf-f16")
    assert export["state"] == "ready", export
    assert export["report"]["agreement"] >= 0.99
    assert export["report"]["num_texts_same_tokens"] == export["report"]["num_texts"]
    link = client.post(f"{path}/gguf-f16/download-link")
    answer = httpx.get(httpx.URL(client.http.base_url).join(link["url"]))
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"model.gguf", "Modelfile", "report.json", "README.md"} == set(archive.namelist())
    assert hashlib.sha256(archive.read("model.gguf")).hexdigest() == export["report"]["sha256"]
    assert archive.read("Modelfile").decode().startswith("FROM ./model.gguf\n")


def test_llama_cpp_serves_the_model_piece_by_piece(client: Client, tuned: Tuned) -> None:
    asked = {"model": tuned.job["tuned_model"], "prompt": PROMPT, "max_tokens": NUM_TOKENS, "temperature": 0, "logprobs": 1}
    whole = client.post("/v1/completions", **asked)
    assert whole["usage"]["completion_tokens"] <= NUM_TOKENS
    assert len(whole["choices"][0]["logprobs"]["tokens"]) >= 1
    with client.http.stream("POST", "/v1/completions", json={**asked, "logprobs": None, "stream": True}) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: {")]
    assert len(events) > 5
    assert "".join(choice["text"] for event in events for choice in event["choices"]) == whole["choices"][0]["text"]


def until_exported(client: Client, path: str, format_: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        export = next(one for one in client.get(path)["data"] if one["format"] == format_)
        if export["state"] in {"ready", "failed"} or time.monotonic() > deadline:
            return dict(export)
        time.sleep(0.2)


def test_name_and_note_can_be_changed(client: Client, tuned: Tuned) -> None:
    client.http.patch(f"/api/jobs/{tuned.job['id']}", json={"name": "The ship's log", "note": "second thoughts"}).raise_for_status()
    job = client.job(tuned.job["id"])
    assert (job["name"], job["note"]) == ("The ship's log", "second thoughts")


def test_nobody_else_sees_any_of_it(server: Server, client: Client, tuned: Tuned) -> None:
    stranger = server.client()
    stranger.register("eve@example.org")
    for path in (
        f"/api/documents/{tuned.document['id']}",
        f"/api/documents/{tuned.document['id']}/content",
        f"/api/jobs/{tuned.job['id']}",
        f"/api/jobs/{tuned.job['id']}/logs",
        f"/api/tuned-models/{tuned.job['tuned_model']}",
        f"/api/tuned-models/{tuned.job['tuned_model']}/download",
    ):
        assert stranger.http.get(path).status_code == 404, path
    assert stranger.get("/api/jobs")["data"] == []


def generate(client: Client, tuned: Tuned) -> dict[str, Any]:
    return client.post(f"/api/tuned-models/{tuned.job['tuned_model']}/generate", prompt=PROMPT, max_tokens=NUM_TOKENS, temperature=0)
