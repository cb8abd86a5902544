"""What is lost when somebody presses Cancel, pulls the plug of the server, or kills a training: nothing, and nothing is doubled."""

import contextlib
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from scripts.chaos_servers import trainers_of
from tests.system.harness import Client, Server, running_server

LONG = {"max_steps": 5000}
SHORT = {"max_steps": 150}


def signed_up(server: Server) -> Client:
    client = server.client()
    client.register()
    return client


def start_job(client: Client, text: bytes, hyperparameters: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
    document = client.upload(text, "log.txt")
    return client.create_job(base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters=hyperparameters, key=key)


def test_a_double_click_makes_one_job(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server:
        client = signed_up(server)
        document = client.upload(small_text, "log.txt")
        request = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "hyperparameters": LONG}
        first, second = (client.create_job(key="one-click", **request) for _ in range(2))
        assert first["id"] == second["id"]
        assert len(client.get("/api/jobs")["data"]) == 1
        with pytest.raises(httpx.HTTPStatusError) as refused:
            client.create_job(key="one-click", **request, name="another")
        assert refused.value.response.status_code == 409


def test_cancelling_a_running_job_leaves_no_process_and_no_model(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server:
        client = signed_up(server)
        job = start_job(client, small_text, LONG)
        waiting = start_job(client, small_text, LONG)
        client.wait_for_step(job["id"], 3, timeout_s=60)
        assert client.job(waiting["id"])["queue_position"] == 1
        assert server.trainers()

        assert client.post(f"/api/jobs/{waiting['id']}/cancel")["state"] == "cancelled"
        cancelled = client.post(f"/api/jobs/{job['id']}/cancel")

        assert cancelled["state"] == "cancelled"
        assert cancelled["tuned_model"] is None
        assert server.trainers() == []
        assert client.get("/api/tuned-models")["data"] == []
        kept = {file.parent.parent.name for file in data.rglob("*.safetensors")}
        assert kept == {"checkpoints"}, "what was learned is kept, for a retry; no model is"
        assert client.http.post(f"/api/jobs/{job['id']}/cancel").status_code == 409
        client.http.delete(f"/api/jobs/{job['id']}").raise_for_status()
        assert not list(data.rglob("*.safetensors"))


def test_a_server_that_is_killed_and_started_again_takes_the_running_job_over(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server:
        client = signed_up(server)
        job = start_job(client, small_text, SHORT)
        queued = start_job(client, small_text, {"max_steps": 5})
        before = client.wait_for_step(job["id"], 3, timeout_s=60)
        trainer = only(server.trainers())

        server.kill()
        assert trainer.is_running(), "the training died with its server"
        server.start()

        after = client.job(job["id"])
        assert after["state"] in {"running", "succeeded"}
        assert after["started_at"] == before["started_at"]
        finished = client.wait_for(job["id"], "succeeded", timeout_s=120)
        assert finished["progress"]["step"] == finished["progress"]["num_steps"] == SHORT["max_steps"]
        for series in ("loss", "validation_loss"):
            points = client.get(f"/api/jobs/{job['id']}/metrics")["data"]
            steps = [point["step"] for point in points if point[series] is not None]
            assert steps == sorted(set(steps)), "a step was counted twice"
        client.wait_for(queued["id"], "succeeded", timeout_s=120)
        assert len(client.get("/api/tuned-models")["data"]) == 2


def test_a_server_that_is_told_to_stop_does_so_within_ten_seconds_whatever_goes_on(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server, socket.create_connection(("127.0.0.1", server.port)) as dawdling:
        client = signed_up(server)
        job = start_job(client, small_text, LONG)
        before = client.wait_for_step(job["id"], 1, timeout_s=60)
        trainer = only(server.trainers())
        # One who sends a byte and no more, one who watches, and one who waits for a long answer.
        bearer = client.http.headers["authorization"]
        dawdling.sendall(
            f"POST /api/documents HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nContent-Length: 1000\r\n\r\nx".encode()
        )
        asking = threading.Thread(target=ask_at_length, args=(server.url, bearer))
        asking.start()
        with client.http.stream("GET", f"/api/jobs/{job['id']}/stream") as stream:
            next(stream.iter_bytes())
            process = psutil.Process(server.pid)
            began = time.monotonic()
            process.terminate()
            assert server.wait(timeout_s=15) in {0, -signal.SIGTERM}
            assert time.monotonic() - began < 10
        asking.join(timeout=10)
        assert trainer.is_running(), "the training ended with its server"

        server.start()
        after = client.wait_for_step(job["id"], client.job(job["id"])["progress"]["step"] + 1, timeout_s=60)
        assert (after["num_runs"], after["num_resumes"]) == (1, 0), "the training was started anew and not taken up"
        assert after["started_at"] == before["started_at"]
        assert only(server.trainers()).pid == trainer.pid


def ask_at_length(url: str, bearer: str) -> None:
    question = {"prompt": "Day 1.", "max_tokens": 512}
    with contextlib.suppress(httpx.HTTPError):
        httpx.post(f"{url}/api/base-models/gpt2-scratch-1m/generate", json=question, headers={"authorization": bearer}, timeout=60)


def test_a_run_that_ends_while_no_server_is_there_is_found_and_kept(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server:
        client = signed_up(server)
        job = start_job(client, small_text, {"max_steps": 20})
        client.wait_for_step(job["id"], 1, timeout_s=60)
        trainer = only(server.trainers())
        server.kill()
        wait_until_gone(trainer, timeout_s=90)

        server.start()
        assert client.wait_for(job["id"], "succeeded", timeout_s=20)["tuned_model"]


def test_a_training_that_is_killed_goes_on_by_itself_from_its_checkpoint(data: Path, small_text: bytes) -> None:
    with running_server(data, trainer_threads="1") as server:
        client = signed_up(server)
        job = start_job(client, small_text, {"max_steps": 150})
        client.wait_for_step(job["id"], 3, timeout_s=60)
        client.post(f"/api/jobs/{job['id']}/pause")
        paused = client.wait_for(job["id"], "paused", timeout_s=60)
        assert paused["resumes_from_step"] >= 3
        assert server.trainers() == []
        (checkpoint,) = client.get(f"/api/jobs/{job['id']}/checkpoints")["data"]
        assert checkpoint["step"] == paused["resumes_from_step"]
        asked = {"prompt": "The keeper", "max_tokens": 8, "temperature": 0}
        tried = client.post(f"/api/jobs/{job['id']}/checkpoints/{checkpoint['id']}/generate", **asked)
        assert tried["text"] and tried["model"].endswith(f"step-{checkpoint['step']}"), "what it has learned so far can be tried"

        client.post(f"/api/jobs/{job['id']}/resume")
        client.wait_for_step(job["id"], paused["resumes_from_step"] + 1, timeout_s=60)
        only(trainers_of(server, job["id"])).send_signal(signal.SIGKILL)

        finished = client.wait_for(job["id"], "succeeded", timeout_s=120)
        assert (finished["num_runs"], finished["num_resumes"]) == (3, 1)
        states = [move["state"] for move in finished["history"]]
        assert states == ["queued", "running", "paused", "queued", "running", "queued", "running", "succeeded"]
        assert "Interrupted" in finished["history"][5]["reason"]
        steps = [point["step"] for point in client.get(f"/api/jobs/{job['id']}/metrics")["data"] if point["loss"] is not None]
        assert steps == sorted(set(steps)), "a step was counted twice"


def only(processes: list[psutil.Process]) -> psutil.Process:
    assert len(processes) == 1, processes
    return processes[0]


def wait_until_gone(process: psutil.Process, *, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the training did not end"
        time.sleep(0.2)
