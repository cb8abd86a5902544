"""A server whose next trainer waits already: the job that it takes, the one that takes its place, and its end with its server."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, user
from tests.system.harness import Server

PATIENCE_S = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data", hub="off", trainer_threads="1", standby="auto")
    server.start()
    yield server
    server.close()


def waiting_for(server: Server) -> list[int]:
    """The trainers that say that they are ready."""
    return [int(ready.read_text()) for ready in (server.data / "standby").glob("*/ready")]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_trainer_waits_takes_the_job_outlives_its_server_and_is_replaced(server: Server) -> None:
    assert server.trainers() == [], "nobody wants to train yet"
    client, document = user(server, "ada")
    until(lambda: len(waiting_for(server)) == 1)
    [waiting] = waiting_for(server)
    job_id = client.create_job(**tiny(document, steps=LONG_STEPS))["id"]
    client.wait_for_step(job_id, 1, timeout_s=PATIENCE_S)
    assert [trainer.pid for trainer in trainers_of(server, job_id)] == [waiting]
    assert [trainer.pid for trainer in server.trainers()] == [waiting], "none waits beside a run on this machine"
    server.kill()
    server.start()
    step = client.job(job_id)["progress"]["step"]
    client.wait_for_step(job_id, step + 1, timeout_s=PATIENCE_S)
    assert [trainer.pid for trainer in trainers_of(server, job_id)] == [waiting]
    client.post(f"/api/jobs/{job_id}/cancel")
    client.wait_for(job_id, "cancelled", timeout_s=PATIENCE_S)
    until(lambda: is_gone(waiting))
    client.post("/api/forecasts", **tiny(document, steps=5))
    until(lambda: len(waiting_for(server)) == 1)
    [other] = waiting_for(server)
    assert other != waiting
    server.stop()
    assert is_gone(other)


def test_one_that_waits_ends_with_a_server_that_is_killed(server: Server) -> None:
    user(server, "ada")
    until(lambda: len(waiting_for(server)) == 1)
    [waiting] = waiting_for(server)
    server.kill()
    until(lambda: is_gone(waiting))
    server.start()
    until(lambda: list((server.data / "standby").iterdir()) == [])


def test_a_trainer_that_was_frozen_while_it_waited_costs_the_job_a_second(server: Server) -> None:
    client, document = user(server, "ada")
    until(lambda: len(waiting_for(server)) == 1)
    [waiting] = waiting_for(server)
    psutil.Process(waiting).send_signal(signal.SIGSTOP)
    job_id = client.create_job(**tiny(document, steps=5))["id"]
    job = client.wait_for(job_id, "succeeded", timeout_s=PATIENCE_S)
    assert is_gone(waiting)
    assert [move["state"] for move in job["history"]] == ["queued", "running", "succeeded"]
