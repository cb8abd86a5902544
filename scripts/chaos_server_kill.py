"""`scripts/chaos server-kill`: kill -9 of the server under clients that create, rename and cancel jobs, beside a training.

What was acknowledged must be there afterwards, once, in a state that it can have; and the training must not have noticed.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from scripts.chaos_servers import LONG_STEPS, is_legal, tiny, trainers_of, user, verdict
from tests.system.harness import Client, Server, running_server

_TIMES = 50
_CLIENTS = 10


@dataclass
class Told:
    """What one client was told, by the key that it made a job with."""

    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


class Busy(threading.Thread):
    """A client that never stops asking, and asks again, with the same key, when the line is cut."""

    def __init__(self, client: Client, document: str, name: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.client, self.document, self.told = client, document, Told()
        self._label, self._chance, self.ending = name, random.Random(seed), threading.Event()

    def run(self) -> None:
        number = 0
        while not self.ending.is_set():
            number += 1
            key = f"{self._label}-{number}"
            self.told.tried.add(key)
            job = self._sent("POST", "/api/jobs", json=tiny(self.document, steps=1, name=key), headers={"Idempotency-Key": key})
            if job is None:
                return
            self.told.ids[key] = job["id"]
            self.told.names[key] = key
            if self._chance.random() < 0.6 and self._sent("PATCH", f"/api/jobs/{job['id']}", json={"note": f"of {key}"}) is not None:
                self.told.names[key] = f"of {key}"
            if self._chance.random() < 0.9 and self._sent("POST", f"/api/jobs/{job['id']}/cancel", done=409) is not None:
                self.told.cancelled.add(key)

    def _sent(self, method: str, path: str, *, done: int = 0, **words: Any) -> dict[str, Any] | None:
        """The answer, however often the server is killed before it comes. `done`: a status that says it was done before."""
        while not self.ending.is_set():
            try:
                answer = self.client.http.request(method, path, timeout=30, **words)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            if answer.is_success or answer.status_code == done:
                found: dict[str, Any] = answer.json()
                return found
            if answer.status_code < 500:
                self.told.refused.append(answer.text[:200])
                return None
            time.sleep(0.05)
        return None


def run(folder: Path, *, times: int | None, seed: int) -> int:
    wanted, chance = times or _TIMES, random.Random(seed)
    with running_server(folder / "data", hub="off", trainer_threads="1") as server:
        owner, document = user(server, "trainer")
        training = owner.create_job(**tiny(document, steps=LONG_STEPS))
        owner.wait_for_step(training["id"], 1, timeout_s=90)
        (trainer,) = trainers_of(server, training["id"])
        busy = [Busy(*user(server, f"client{number}"), f"client{number}", seed + number) for number in range(_CLIENTS)]
        for one in busy:
            one.start()
        for _ in range(wanted):
            time.sleep(chance.uniform(0.1, 1.5))
            server.kill()
            server.start()
        time.sleep(1)
        for one in busy:
            one.ending.set()
        for one in busy:
            one.join(timeout=60)
        return _judge(server, busy, owner.job(training["id"]), trainer.is_running(), wanted)


def _judge(server: Server, busy: list[Busy], training: dict[str, Any], same_trainer: bool, kills: int) -> int:
    lost: list[str] = []
    doubled: list[str] = []
    illegal: list[str] = []
    for one in busy:
        jobs = _all_jobs(one.client)
        names = [job["name"] for job in jobs]
        by_id = {job["id"]: job for job in jobs}
        doubled += [name for name in set(names) if names.count(name) > 1 or name not in one.told.tried]
        illegal += [job["id"] for job in jobs if not is_legal(job)]
        for key, job_id in one.told.ids.items():
            job = by_id.get(job_id)
            if job is None or (one.told.names[key] not in {job["name"], job["note"]}):
                lost.append(key)
            elif key in one.told.cancelled and job["state"] not in {"cancelled", "succeeded"}:
                lost.append(f"{key}: cancelled and {job['state']}")
    refused = [text for one in busy for text in one.told.refused]
    undisturbed = same_trainer and training["state"] == "running" and training["num_runs"] == 1
    good = not (lost or doubled or illegal or refused) and undisturbed
    if not good:
        print("\n".join(["lost:", *lost[:5], "doubled:", *doubled[:5], "illegal:", *illegal[:5], "refused:", *refused[:5]]))
    made = sum(len(one.told.ids) for one in busy)
    print(
        f"{verdict(good)}: {kills} kills of the server under {len(busy)} clients: of {made} acknowledged jobs {len(lost)} lost, "
        f"{len(doubled)} doubled, {len(illegal)} in states that they cannot have; "
        f"the training {'went on' if undisturbed else 'WAS DISTURBED'}, at step {training['progress']['step']}"
    )
    return 0 if good else 1


def _all_jobs(client: Client) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = []
    more = True
    while more:
        page = client.get("/api/jobs?limit=100" + (f"&after={jobs[-1]['id']}" if jobs else ""))
        jobs += page["data"]
        more = page["has_more"]
    return jobs
