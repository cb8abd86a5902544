"""`scripts/chaos two-servers`: two servers on one store, each frozen for a while in turn. No job runs twice, none is left."""

import json
import os
import random
import signal
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.chaos_servers import is_legal, tiny, trainers_of, until, user, verdict
from shared.job_spec import EVENTS_FILE
from tests.system.harness import Client, Server, running_server

_TIMES = 8
_FROZEN_S = 10.0
"""Longer than a server may be silent."""
_WITHIN_S = 10.0
"""Judged of the whole figure alone: a few times of it are a test, which must not depend on a quiet machine."""


def run(folder: Path, *, times: int | None, seed: int) -> int:
    wanted, chance = times or _TIMES, random.Random(seed)
    settings = {"hub": "off", "trainer_threads": "1"}
    with running_server(folder / "data", **settings) as first, running_server(folder / "data", **settings) as second:
        client, document = user(first, "ada")
        there = Client(second.url)
        there.login()
        ids = [(client, there)[number % 2].create_job(**tiny(document, steps=20, name=f"job {number}"))["id"] for number in range(wanted)]
        over, most = threading.Event(), [0]
        watcher = threading.Thread(target=_count, args=(first, ids, over, most))
        watcher.start()
        for frozen, other in ((first, there), (second, client)):
            time.sleep(chance.uniform(1.0, 4.0))
            os.kill(frozen.pid, signal.SIGSTOP)
            try:
                until(lambda other=other: other.job(ids[-1])["state"] == "succeeded", seconds=_FROZEN_S)
            finally:
                os.kill(frozen.pid, signal.SIGCONT)
        until(lambda: all(client.job(job_id)["state"] == "succeeded" for job_id in ids), seconds=40.0 * wanted)
        over.set()
        watcher.join()
        jobs = [client.job(job_id) for job_id in ids]
        models = client.get("/api/tuned-models?limit=100")["data"]
        there.http.close()
        starts = [_starts(folder / "data" / "runs" / job_id) for job_id in ids]
        slowest_s = max(_told_after_s(folder / "data" / "runs" / job["id"], job) for job in jobs)
    succeeded = sum(job["state"] == "succeeded" and is_legal(job) for job in jobs)
    twice = sum(len(found) != len(set(found)) or len(found) != job["num_runs"] for found, job in zip(starts, jobs, strict=True))
    resumed = sum(job["num_resumes"] for job in jobs)
    good = (
        succeeded == len(jobs) == len(models)
        and not twice
        and not resumed
        and most[0] <= 1
        and (times is not None or slowest_s <= _WITHIN_S)
    )
    print(
        f"{verdict(good)}: {succeeded}/{len(jobs)} jobs succeeded on two servers that were frozen in turn; {twice} ran twice, "
        f"{resumed} were cut off, {len(models)} models; at most {most[0]} trainer at work at once; "
        f"an end was told at most {slowest_s:.1f} s after it came (target {_WITHIN_S:.0f} s, with a server that is frozen for as long)"
    )
    return 0 if good else 1


def _starts(run_folder: Path) -> list[str]:
    """The run of every trainer that began in a folder."""
    lines = (run_folder / EVENTS_FILE).read_text().splitlines() if (run_folder / EVENTS_FILE).exists() else []
    return [event["run_id"] for event in map(json.loads, lines) if event["type"] == "spec"]


def _told_after_s(run_folder: Path, job: dict[str, Any]) -> float:
    """From the trainer's last word to the job's end."""
    if job["finished_at"] is None:
        return 99.0
    last = json.loads((run_folder / EVENTS_FILE).read_text().splitlines()[-1])
    return (datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(last["at"])).total_seconds()


def _count(server: Server, ids: list[str], over: threading.Event, most: list[int]) -> None:
    while not over.wait(0.2):
        most[0] = max(most[0], sum(len(trainers_of(server, job_id)) for job_id in ids))
