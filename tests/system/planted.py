"""Jobs with long logs, put straight into a server's records and run folders: to learn how it bears them without training for a week."""

import os
from pathlib import Path

from server.adapters.clock_system import SystemClock
from server.adapters.records_sqlite import SqliteRecords
from server.domain import keys
from server.domain.jobs.states import StoredJob
from server.ports.records import Put
from shared.constants import JobState
from shared.job_spec import EVENTS_FILE
from shared.trainer_events import ProgressEvent
from shared.wire import Hyperparameters

_BLOCK = 1_000


def plant_jobs(data: Path, owner: str, num_jobs: int, *, state: JobState, num_lines: int) -> list[str]:
    """Ids of `num_jobs` new jobs of this user, oldest first. They share one log of `num_lines` lines (the file is linked, not copied)."""
    clock, records = SystemClock(), SqliteRecords(data / "records.sqlite3")
    log = data / f"planted-{clock.new_id('log')}.jsonl"
    write_log(log, num_lines)
    ids = []
    for number in range(num_jobs):
        job_id = clock.new_id("job")
        job = StoredJob(
            id=job_id,
            owner=owner,
            name=f"Planted {number}",
            note="",
            state=state,
            base_model="gpt2-scratch-1m",
            dataset_id="dst-planted",
            document_ids=["doc-planted"],
            content_sha256="0" * 64,
            method="scratch",
            hyperparameters=Hyperparameters(),
            resolved={},
            created_at=clock.now(),
        )
        (data / "runs" / job_id).mkdir(parents=True)
        os.link(log, data / "runs" / job_id / EVENTS_FILE)
        records.write(Put(keys.owned(owner, "job", job_id), job.model_dump(mode="json"), expect=0))
        ids.append(job_id)
    records.close()
    return ids


def write_log(file: Path, num_lines: int) -> None:
    """A log of progress events, as a training would write it in days."""
    now = SystemClock().now()
    with file.open("wb") as stream:
        for start in range(0, num_lines, _BLOCK):
            block = [
                ProgressEvent(
                    seq=number,
                    at=now,
                    run_id="run-planted",
                    step=number + 1,
                    num_steps=num_lines,
                    epoch=round(number / num_lines, 3),
                    loss=2 + (number * 7919 % 1000) / 1000,
                    learning_rate=1e-3,
                    grad_norm=1.0,
                    tokens_per_s=5000.0,
                    eta_s=10.0,
                    elapsed_s=number / 2,
                    memory_bytes=10**9,
                ).model_dump_json()
                for number in range(start, min(num_lines, start + _BLOCK))
            ]
            stream.write("\n".join([*block, ""]).encode())
