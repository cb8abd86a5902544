"""`scripts/chaos clock`: the wall clock jumps a day, both ways, under two servers with a run and a queue. Nothing changes.

The servers are the real ones but for their clock, which a program cannot set for itself without setting everybody's; the trainer is the
tests' stand-in.
"""

from datetime import timedelta
from pathlib import Path

from scripts.chaos_servers import verdict
from shared.wire import JobRequest
from tests.domain.conftest import House

_TIMES = 10
_OWNER = "usr-1"


def run(folder: Path, *, times: int | None, seed: int) -> int:
    first = House(folder)
    other = House(folder, clock=first.clock)
    wrong: list[str] = []
    try:
        first.trainer_will("wait")
        document = first.document(_OWNER).id
        ids = [first.jobs.create(_OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document])).id for _ in range(3)]
        first.supervisor.round()
        before = _seen(first, ids)
        for number in range(times or _TIMES):
            first.clock.jumped = timedelta(days=(1, -1)[number % 2] * (number + 1))
            for _ in range(3):
                first.leases.beat()
                first.supervisor.round()
                other.supervisor.round()
            if (after := _seen(first, ids)) != before:
                wrong.append(f"{before} became {after}")
    finally:
        first.close()
        other.records.close()
    print("\n".join(wrong[:3]))
    print(f"{verdict(not wrong)}: {times or _TIMES} jumps of the wall clock by days, both ways: {len(wrong)} changed anything")
    return 0 if not wrong else 1


def _seen(house: House, ids: list[str]) -> list[object]:
    jobs = [house.jobs.get(_OWNER, job_id) for job_id in ids]
    return [(job.state, job.num_runs, job.queue_position, job.stalled_since) for job in jobs] + [
        run.holder for run in house.lifecycle.runs()
    ]
