"""Jobs over HTTP, as far as a server goes without a trainer: the supervisor does not watch in these tests."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.background.supervisor import Supervisor


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Supervisor, "start", lambda self: None)
    return


@pytest.fixture
def document(signed_in: TestClient) -> str:
    lines = "".join(json.dumps({"prompt": f"What of day {day}?", "completion": f"Calm, and {day} herons."}) + "\n" for day in range(60))
    answer = signed_in.post("/api/documents", files={"file": ("log.jsonl", lines.encode())})
    return str(answer.json()["id"])


def request(document: str, **changes: Any) -> dict[str, Any]:
    return {"base_model": "gpt2-scratch-1m", "document_ids": [document], "hyperparameters": {"max_steps": 20}, **changes}


def created(client: TestClient, document: str, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/jobs", json=request(document, **changes))
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_a_hundred_parallel_submits_with_one_key_make_one_job(app: FastAPI, signed_in: TestClient, document: str) -> None:
    answers: list[tuple[int, str]] = []

    def submit() -> None:
        answer = signed_in.post("/api/jobs", json=request(document), headers={"Idempotency-Key": "one-click"})
        answers.append((answer.status_code, answer.json().get("id")))

    threads = [threading.Thread(target=submit) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {201}
    assert len({job_id for _, job_id in answers}) == 1
    assert len(signed_in.get("/api/jobs").json()["data"]) == 1


def test_a_waiting_job_is_paused_resumed_cancelled_tried_again_and_cloned(signed_in: TestClient, document: str) -> None:
    job = created(signed_in, document)
    address = f"/api/jobs/{job['id']}"
    for move, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
        answer = signed_in.post(f"{address}/{move}")
        assert (answer.status_code, answer.json()["state"]) == (200, state), move
    assert [move["state"] for move in answer.json()["history"]] == ["queued", "paused", "queued", "cancelled", "queued"]
    refused = signed_in.post(f"{address}/resume")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "jobs.wrong_state")
    clone = signed_in.post(f"{address}/clone", json={"hyperparameters": {"learning_rate": 0.004}})
    assert clone.status_code == 201
    assert (clone.json()["cloned_from"], clone.json()["queue_rank"]) == (job["id"], 2)
    assert clone.json()["hyperparameters"]["learning_rate"] == 0.004
    assert clone.json()["hyperparameters"]["max_steps"] == 20


def test_place_and_settings_of_a_waiting_job_are_changed(signed_in: TestClient, document: str) -> None:
    first, second = created(signed_in, document), created(signed_in, document)
    assert (first["queue_position"], second["queue_position"], second["queue_rank"]) == (1, 2, 2)
    changed = signed_in.patch(f"/api/jobs/{second['id']}", json={"queue_rank": 1, "hyperparameters": {"max_steps": 33}, "note": "sooner"})
    assert changed.status_code == 200
    assert (changed.json()["queue_rank"], changed.json()["note"]) == (1, "sooner")
    assert changed.json()["resolved"]["max_steps"] == {"value": 33, "reason": "Set by you."}
    refused = signed_in.patch(f"/api/jobs/{second['id']}", json={"hyperparameters": {"block_size": 4096}})
    assert refused.json()["error"]["param"] == "hyperparameters.block_size"


def test_a_job_without_a_run_has_no_checkpoints(signed_in: TestClient, document: str) -> None:
    job = created(signed_in, document)
    assert signed_in.get(f"/api/jobs/{job['id']}/checkpoints").json() == {"object": "list", "data": [], "has_more": False}
    missing = signed_in.post(f"/api/jobs/{job['id']}/checkpoints/5/generate", json={"prompt": "Day"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "checkpoints.not_found")


def test_a_document_of_a_paused_job_is_kept(signed_in: TestClient, document: str) -> None:
    job = created(signed_in, document)
    signed_in.post(f"/api/jobs/{job['id']}/pause")
    assert signed_in.delete(f"/api/documents/{document}").json()["error"]["code"] == "documents.in_use"
    signed_in.post(f"/api/jobs/{job['id']}/cancel")
    assert signed_in.delete(f"/api/documents/{document}").status_code == 200


def test_nobody_elses_job_is_moved(client: TestClient, signed_in: TestClient, document: str) -> None:
    job = created(signed_in, document)
    session = client.post("/api/auth/register", json={"email": "eve@example.org", "password": "a long pass phrase"}).json()
    stranger = {"authorization": f"Bearer {session['access_token']}"}
    for method, path in [("post", move) for move in ("pause", "resume", "retry", "cancel")] + [("get", "checkpoints")]:
        assert client.request(method, f"/api/jobs/{job['id']}/{path}", headers=stranger).status_code == 404
    assert client.post(f"/api/jobs/{job['id']}/clone", json={}, headers=stranger).status_code == 404
