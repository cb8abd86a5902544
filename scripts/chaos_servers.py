"""What the scenarios with real servers share: users with a little data, tiny jobs, a job's trainer, and the words of a verdict."""

import json
import time
from collections.abc import Callable
from typing import Any

import psutil

from server.domain.jobs.states import MOVES
from tests.system.harness import Client, Server

LONG_STEPS = 100_000


def verdict(good: bool) -> str:
    return "reached" if good else "MISSED"


def user(server: Server, name: str) -> tuple[Client, str]:
    """A registered user's client, and a document of theirs."""
    client = server.client()
    client.register(f"{name}@example.org")
    lines = "".join(json.dumps({"prompt": f"What of day {day}?", "completion": f"Calm, and {day} herons."}) + "\n" for day in range(40))
    return client, client.upload(lines.encode(), f"{name}.jsonl")["id"]


def tiny(document: str, *, steps: int, **more: Any) -> dict[str, Any]:
    """A request for a job of so many short steps, made without a look at the data, which takes seconds."""
    few = {"max_steps": steps, "block_size": 32, "batch_size": 1, "validation_fraction": 0}
    return {"base_model": "gpt2-scratch-1m", "document_ids": [document], "hyperparameters": few, "allow_short_run": True, **more}


def trainers_of(server: Server, job_id: str) -> list[psutil.Process]:
    """Living processes that train this job."""
    found = []
    for process in server.trainers():
        try:
            places, dead = [*process.cmdline(), f"{process.cwd()}/"], process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if not dead and any(f"/runs/{job_id}/" in place for place in places):
            found.append(process)
    return found


def until(true: Callable[[], bool], *, seconds: float) -> float | None:
    """Seconds until something was so; None when it was not in time."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.1)
    return time.monotonic() - began


def is_legal(job: dict[str, Any]) -> bool:
    """Its history is a walk through the table of moves that ends where the job is."""
    states = [move["state"] for move in job["history"]]
    walks = all(then in MOVES[now] for now, then in zip(states, states[1:], strict=False))
    return walks and states[-1] == job["state"] and (job["state"] == "succeeded") == (job["tuned_model"] is not None)
