"""`scripts/chaos double-submit`: a hundred parallel submits with one `Idempotency-Key`, the server killed in the middle of every other
hundred. One job each."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx

from scripts.chaos_servers import tiny, user, verdict
from tests.system.harness import Client, running_server

_TIMES = 5
_SUBMITS = 100
_WITHIN_S = 10.0
"""Judged of the whole figure alone: a few times of it are a test, which must not depend on a quiet machine."""


def run(folder: Path, *, times: int | None, seed: int) -> int:
    wanted = times or _TIMES
    answers: list[list[str]] = []
    slowest_s = 0.0
    with running_server(folder / "data", hub="off", trainer_threads="1") as server:
        client, document = user(server, "ada")
        for number in range(wanted):
            request = tiny(document, steps=1, name=f"submit {number}")
            found: list[str] = []
            began = time.monotonic()
            threads = [threading.Thread(target=_submit, args=(client, request, f"key-{number}", found)) for _ in range(_SUBMITS)]
            for thread in threads:
                thread.start()
            if number % 2:
                time.sleep(0.1)
                server.kill()
                server.start()
            for thread in threads:
                thread.join()
            answers.append(found)
            slowest_s = max(slowest_s, time.monotonic() - began)
        names = [job["name"] for job in client.get("/api/jobs?limit=100")["data"]]
    answered = sum(len(found) == _SUBMITS and len(set(found)) == 1 for found in answers)
    single = sum(names.count(f"submit {number}") == 1 for number in range(wanted))
    good = answered == single == wanted == len(names) and (times is not None or slowest_s <= _WITHIN_S)
    print(
        f"{verdict(good)}: {wanted} times {_SUBMITS} parallel submits with one key made {len(names)} jobs, {answered} times one answer, "
        f"all of it within {slowest_s:.1f} s (target {_WITHIN_S:.0f} s, with a server that is killed on the way every other time)"
    )
    return 0 if good else 1


def _submit(client: Client, request: dict[str, Any], key: str, found: list[str]) -> None:
    """Until it is answered, as a page does whose line was cut."""
    while True:
        try:
            answer = client.http.post("/api/jobs", json=request, headers={"Idempotency-Key": key}, timeout=60)
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status_code == 201:
            found.append(answer.json()["id"])
            return
        if answer.status_code < 500 and answer.json()["error"]["code"] != "records.stale_write":
            return
        time.sleep(0.1)
