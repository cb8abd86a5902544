"""`scripts/chaos stall`: a trainer that is frozen is shown as stalled within a minute, not killed, and no longer once it goes on."""

import os
import signal
from pathlib import Path

from scripts.chaos_servers import LONG_STEPS, tiny, trainers_of, until, user, verdict
from tests.system.harness import running_server

_SHOWN_WITHIN_S = 60.0
_CLEARED_WITHIN_S = 15.0


def run(folder: Path, *, times: int | None, seed: int) -> int:
    with running_server(folder / "data", hub="off", trainer_threads="1") as server:
        client, document = user(server, "ada")
        job_id = client.create_job(**tiny(document, steps=LONG_STEPS))["id"]
        client.wait_for_step(job_id, 1, timeout_s=90)
        (trainer,) = trainers_of(server, job_id)
        good, shown, cleared = True, 0.0, 0.0
        for _ in range(times or 1):
            os.kill(trainer.pid, signal.SIGSTOP)
            stalled = until(lambda: client.job(job_id)["stalled_since"] is not None, seconds=_SHOWN_WITHIN_S)
            os.kill(trainer.pid, signal.SIGCONT)
            went_on = until(lambda: client.job(job_id)["stalled_since"] is None, seconds=_CLEARED_WITHIN_S)
            shown, cleared = max(shown, stalled or 99.0), max(cleared, 99.0 if went_on is None else went_on)
            good = good and stalled is not None and went_on is not None
        job = client.job(job_id)
        good = good and job["state"] == "running" and job["num_runs"] == 1 and trainer.is_running()
    print(
        f"{verdict(good)}: a frozen trainer was shown as stalled after {shown:.1f} s (target {_SHOWN_WITHIN_S:.0f} s), as going on "
        f"{cleared:.1f} s after it did; it is {job['state']} and was started {job['num_runs']} time(s)"
    )
    return 0 if good else 1
