"""`scripts/chaos dark`: the server is dead, the trainer crashes, its number goes to an innocent process, the server starts.

The job must be seen as interrupted and go on; the innocent must live, also when the job is cancelled afterwards.
"""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, until, user, verdict
from tests.system.harness import Server, running_server

_TIMES = 3
_ADOPTED_WITHIN_S = 30.0
_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def run(folder: Path, *, times: int | None, seed: int) -> int:
    rounds = [_round(folder / f"data-{number}") for number in range(times or _TIMES)]
    good = all(each["good"] for each in rounds)
    for each in rounds:
        print(", ".join(f"{name}: {value}" for name, value in each.items()))
    reused = sum(each["number"] == "reused" for each in rounds)
    innocents = sum(each["innocent"] == "lives" for each in rounds)
    slowest = max(each["seconds"] or 99.0 for each in rounds)
    print(
        f"{verdict(good)}: {sum(each['good'] for each in rounds)}/{len(rounds)} interrupted in the dark, seen and resumed, within "
        f"{slowest:.1f} s (target {_ADOPTED_WITHIN_S:.0f} s); {innocents}/{len(rounds)} innocents live ({reused} had the very number)"
    )
    return 0 if good else 1


def _round(data: Path) -> dict[str, Any]:
    with running_server(data, hub="off", trainer_threads="1") as server:
        client, document = user(server, "ada")
        job = client.create_job(**tiny(document, steps=LONG_STEPS))
        client.wait_for_step(job["id"], 1, timeout_s=90)
        (trainer,) = trainers_of(server, job["id"])
        server.kill()
        trainer.kill()
        with contextlib.suppress(Exception):
            trainer.wait(timeout=10)
        innocent, number = _innocent(server, job["id"], trainer.pid)
        try:
            server.start()
            seconds = until(lambda: client.job(job["id"])["num_resumes"] == 1, seconds=_ADOPTED_WITHIN_S)
            running = until(lambda: len(trainers_of(server, job["id"])) == 1, seconds=30) is not None
            seen = client.job(job["id"])
            cancelled = client.post(f"/api/jobs/{job['id']}/cancel")["state"]
            lives = innocent.poll() is None
        finally:
            innocent.kill()
            innocent.wait()
        interrupted = any("Interrupted" in (move["reason"] or "") for move in seen["history"])
        good = seconds is not None and running and interrupted and lives and cancelled == "cancelled"
        return {
            "good": good,
            "seconds": seconds,
            "resumed": running and interrupted,
            "cancelled": cancelled == "cancelled",
            "innocent": "lives" if lives else "DEAD",
            "number": number,
        }


def _innocent(server: Server, job_id: str, pid: int) -> tuple[subprocess.Popen[bytes], str]:
    """A process that has the dead trainer's number: from the kernel where it lets us choose, else the books are changed to name its own."""
    for _ in range(200):
        try:
            _LAST_PID.write_text(str(pid - 1))
        except OSError:
            break
        innocent = _sleeper()
        if innocent.pid == pid:
            return innocent, "reused"
        innocent.kill()
        innocent.wait()
    innocent = _sleeper()
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records:
        key = ("running", job_id)
        (text,) = records.execute("SELECT data FROM documents WHERE partition = ? AND sort = ?", key).fetchone()
        pointer = json.loads(text)
        pointer["handle"] = json.dumps(json.loads(pointer["handle"]) | {"pid": innocent.pid})
        records.execute("UPDATE documents SET data = ? WHERE partition = ? AND sort = ?", (json.dumps(pointer), *key))
        records.commit()
    return innocent, "written in"


def _sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
