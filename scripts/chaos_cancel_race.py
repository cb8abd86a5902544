"""`scripts/chaos cancel-race`: jobs cancelled at random moments of their short lives, most of them near the end.

Each ends within fifteen seconds as cancelled without a model or as succeeded with one, and leaves no process.
"""

import random
import time
from pathlib import Path

import httpx

from scripts.chaos_servers import is_legal, tiny, trainers_of, until, user, verdict
from tests.system.harness import running_server

_TIMES = 20
_DEAD_WITHIN_S = 15.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    wanted, chance = times or _TIMES, random.Random(seed)
    ends = {"cancelled": 0, "succeeded": 0}
    wrong: list[str] = []
    slowest = 0.0
    with running_server(folder / "data", hub="off", trainer_threads="1") as server:
        client, document = user(server, "ada")
        began = time.monotonic()
        calm = client.create_job(**tiny(document, steps=5))["id"]
        client.wait_for(calm, "succeeded", timeout_s=120)
        life_s = time.monotonic() - began
        for number in range(wanted):
            began = time.monotonic()
            job_id = client.create_job(**tiny(document, steps=5, name=f"race {number}"))["id"]
            time.sleep(chance.choice([chance.uniform(0, life_s), life_s * chance.uniform(0.8, 1.1)]))
            asked = time.monotonic()
            try:
                client.post(f"/api/jobs/{job_id}/cancel")
            except httpx.HTTPStatusError as refused:
                if refused.response.status_code != 409:
                    wrong.append(refused.response.text)
            seconds = until(lambda job_id=job_id: client.job(job_id)["state"] in ends and not trainers_of(server, job_id), seconds=30)
            slowest = max(slowest, 99.0 if seconds is None else time.monotonic() - asked)
            job = client.job(job_id)
            if job["state"] in ends and is_legal(job) and slowest <= _DEAD_WITHIN_S:
                ends[job["state"]] += 1
            else:
                wrong.append(f"{job['state']} after {slowest:.1f} s, model {job['tuned_model']}, error {job['error']}")
            if job["state"] == "succeeded":
                life_s = 0.5 * life_s + 0.5 * (time.monotonic() - began)
            else:
                life_s = min(30.0, 1.1 * life_s)
        models = len(client.get("/api/tuned-models?limit=100")["data"])
    good = not wrong and models == ends["succeeded"] + 1  # of the calm one
    print("\n".join(wrong[:5]))
    print(
        f"{verdict(good)}: of {wanted} cancelled jobs {ends['cancelled']} were cancelled, {ends['succeeded']} had succeeded before, "
        f"{len(wrong)} wrong; {models - 1} models of them; the slowest was dead after {slowest:.1f} s (target {_DEAD_WITHIN_S:.0f} s)"
    )
    return 0 if good else 1
