"""`scripts/chaos server-disk`: the disk under a server and its training fills up, stays full for a while, and has room again.

While it is full nothing succeeds that did not, and refusals say why; afterwards the job ends well, by itself or by one press of its button.
The data folder is a small file system in memory, so this takes the right to mount one.
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.chaos_servers import is_legal, tiny, until, user, verdict
from tests.system.harness import running_server

_TIMES = 2
_SIZE_MB = 96
_FULL_S = 12.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    try:
        rounds = [_round(folder / f"disk-{number}") for number in range(times or _TIMES)]
    except subprocess.CalledProcessError:
        print("not tried: this user may not mount a file system")
        return 0
    good = all(rounds)
    print(
        f"{verdict(good)}: {sum(rounds)}/{len(rounds)} times a disk that was full for {_FULL_S:.0f} s cost nothing: no false success, "
        "refusals that say why, and the job ended with its model once there was room"
    )
    return 0 if good else 1


def _round(disk: Path) -> bool:
    with _small_disk(disk), running_server(disk / "data", hub="off", trainer_threads="1", min_free_bytes="0") as server:
        client, document = user(server, "ada")
        job_id = client.create_job(**tiny(document, steps=150))["id"]
        client.wait_for_step(job_id, 5, timeout_s=90)
        filler = disk / "filler"
        _fill(filler)
        began = time.monotonic()
        states, refusals = set(), set()
        while time.monotonic() - began < _FULL_S:
            states.add(client.job(job_id)["state"])
            answer = client.http.post("/api/jobs", json=tiny(document, steps=1))
            refusals.add(answer.status_code)
            if answer.status_code == 201:  # The database had a page left.
                client.http.post(f"/api/jobs/{answer.json()['id']}/cancel")
            time.sleep(0.5)
        whole = client.job(job_id)["tuned_model"] is not None
        filler.unlink()
        until(lambda: client.job(job_id)["state"] in {"failed", "succeeded"}, seconds=120)
        job = client.job(job_id)
        pressed = job["state"] == "failed"
        if pressed and job["error"]["action"] is not None:
            client.post(f"/api/jobs/{job_id}/retry")
            until(lambda: client.job(job_id)["state"] in {"failed", "succeeded"}, seconds=180)
        after = client.job(job_id)
        error = (job["error"] or {}).get("code")
        print(f"while full: {sorted(states)}, new jobs {sorted(refusals)}; then {job['state']}, {error}; at last {after['state']}")
        honest = ("succeeded" in states) == whole and refusals <= {201, 503, 507}
        return honest and after["state"] == "succeeded" and is_legal(after)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"\0" * 4096)


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
