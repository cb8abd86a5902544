"""`scripts/chaos oom`: memory is taken away from a living trainer; the job says so within ten seconds, and the next one runs.

Where this user may make a memory group, the kernel itself ends the trainer; else its address space is limited and its next allocation
fails.
"""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import psutil

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, until, user, verdict
from tests.system.harness import running_server

_GROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))
_WITHIN_S = 10.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    with running_server(folder / "data", hub="off", trainer_threads="1") as server, contextlib.ExitStack() as groups:
        client, document = user(server, "ada")
        job_id = client.create_job(**tiny(document, steps=LONG_STEPS))["id"]
        client.wait_for_step(job_id, 1, timeout_s=90)
        (trainer,) = trainers_of(server, job_id)
        how = groups.enter_context(_starved(trainer))
        seconds = until(lambda: client.job(job_id)["state"] != "running", seconds=3 * _WITHIN_S)
        job = client.job(job_id)
        following = client.create_job(**tiny(document, steps=1))["id"]
        runs = until(lambda: client.job(following)["state"] == "succeeded", seconds=90) is not None
    error = job["error"] or {"code": None, "action": None}
    good = seconds is not None and seconds <= _WITHIN_S and (job["state"], error["code"]) == ("failed", "out_of_memory") and runs
    button = error["action"]["label"] if error["action"] else "none"
    print(
        f"{verdict(good)}: a trainer without memory ({how}): {job['state']} with {error['code']} after {seconds or 99:.1f} s (target "
        f"{_WITHIN_S:.0f} s), button: {button}; the next job {'succeeded' if runs else 'DID NOT RUN'}"
    )
    return 0 if good else 1


@contextlib.contextmanager
def _starved(trainer: psutil.Process) -> Iterator[str]:
    for groups in _GROUPS:
        group = groups / f"llm-tuner-chaos-{os.getpid()}"
        limit = group / ("memory.limit_in_bytes" if groups.name == "memory" else "memory.max")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            # Moved first and limited then: what it has already is not counted anew, and what it touches next is too much.
            (group / "cgroup.procs").write_text(str(trainer.pid))
            limit.write_text(str(4 * 2**20))
            yield "ended by the kernel in a group of 4 MB"
            return
        except OSError:
            continue
        finally:
            until(lambda group=group: _removed(group), seconds=10)
    trainer.rlimit(resource.RLIMIT_AS, (trainer.memory_info().rss // 2, trainer.memory_info().rss // 2))
    yield "its address space limited"


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
