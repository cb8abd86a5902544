"""`scripts/chaos oom`: a trainer without memory; the job says so within ten seconds, and the next one runs.

Where this user may make a memory group, the trainer is put into a small one as it begins, and the kernel itself ends it; else the address
space of one that trains is limited, and its next allocation fails.
"""

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, until, user, verdict
from tests.system.harness import Server, running_server

_GROUPS = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max"))
_LIMIT_BYTES = 8 * 2**20
"""Less than the interpreter itself needs: a larger group first spends minutes with reading torch from a slow disk again and again."""
_WITHIN_S = 10.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    with running_server(folder / "data", hub="off", trainer_threads="1") as server, _group() as group:
        client, document = user(server, "ada")
        job_id = client.create_job(**tiny(document, steps=LONG_STEPS))["id"]
        trainer = _first_trainer(server, job_id)
        if group is not None:
            (group / "cgroup.procs").write_text(str(trainer.pid))
            how = f"ended by the kernel in a group of {_LIMIT_BYTES // 2**20} MB"
        else:
            client.wait_for_step(job_id, 1, timeout_s=90)
            trainer.rlimit(resource.RLIMIT_AS, (trainer.memory_info().rss // 2,) * 2)
            how = "its address space limited"
        until(lambda: not trainers_of(server, job_id), seconds=60)
        seconds = until(lambda: client.job(job_id)["state"] == "failed", seconds=3 * _WITHIN_S)
        job = client.job(job_id)
        following = client.create_job(**tiny(document, steps=1))["id"]
        runs = until(lambda: client.job(following)["state"] == "succeeded", seconds=90) is not None
    error = job["error"] or {"code": None, "action": None}
    smaller = bool(error["action"]) and error["action"]["kind"] == "clone"  # With a smaller batch; going on would end the same way.
    once = (job["num_runs"], job["num_resumes"]) == (1, 0)
    failed = (job["state"], error["code"]) == ("failed", "out_of_memory")
    good = seconds is not None and seconds <= _WITHIN_S and failed and smaller and once and runs
    button = error["action"]["label"] if error["action"] else "none"
    waited = 99.0 if seconds is None else seconds
    print(
        f"{verdict(good)}: a trainer without memory ({how}): {job['state']} with {error['code']} {waited:.1f} s after its end "
        f"(target {_WITHIN_S:.0f} s), after {job['num_runs']} run, button: {button}; the next job {'succeeded' if runs else 'DID NOT RUN'}"
    )
    return 0 if good else 1


def _first_trainer(server: Server, job_id: str) -> psutil.Process:
    while not (found := trainers_of(server, job_id)):
        time.sleep(0.01)
    return found[0]


@contextlib.contextmanager
def _group() -> Iterator[Path | None]:
    """A small memory group; None where this user may make none."""
    for groups, limit in _GROUPS:
        group = groups / f"llm-tuner-chaos-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(_LIMIT_BYTES))
        except OSError:
            _removed(group)
            continue
        try:
            yield group
        finally:
            until(lambda group=group: _removed(group), seconds=10)
        return
    yield None


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
