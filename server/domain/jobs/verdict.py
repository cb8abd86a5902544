"""What a run that is over amounts to. Pure: from what was asked, what the trainer said and how its process ended.

`succeeded` takes exit status 0, a `done` of this very run, a finite loss and every step of the plan; that the artifacts are whole is seen
when they are taken in. What nobody asked for and the trainer did not explain is an interruption, and is gone on with.
"""

import math
from dataclasses import dataclass
from typing import Literal

from server.domain.jobs.failures import crashed_too_often, empty_result, interruption, out_of_memory, told_by_trainer
from server.domain.jobs.progress import RunReader
from server.domain.jobs.states import StoredJob
from server.ports.launcher import RunStatus
from shared.constants import MAX_AUTOMATIC_RESUMES
from shared.job_spec import EXIT_DONE, EXIT_FAILED
from shared.trainer_events import DoneEvent
from shared.wire import JobError


@dataclass(frozen=True)
class Verdict:
    """`reason` is for the job's history; `done` comes with `succeeded` alone, `error` with `failed` alone."""

    state: Literal["succeeded", "failed", "cancelled", "paused", "queued"]
    done: DoneEvent | None = None
    error: JobError | None = None
    reason: str | None = None


def verdict_on(job: StoredJob, reader: RunReader, status: RunStatus, *, last_output: str, resumes_from: int | None) -> Verdict:
    """`resumes_from` is the step of the newest checkpoint, None when there is none."""
    done = reader.done if reader.done is not None and reader.done.run_id == job.run_id else None
    failed = reader.failed if reader.failed is not None and reader.failed.run_id == job.run_id else None
    if status.exit_status == EXIT_DONE and done is not None and _is_whole(done, reader):
        return Verdict("succeeded", done=done)
    if job.stop_requested == "cancel":
        return Verdict("cancelled", reason=" ".join(filter(None, [job.stop_reason, _kept(resumes_from)])) or None)
    if status.exit_status == EXIT_DONE and done is not None:
        return Verdict("failed", error=empty_result(job))
    if status.exit_status == EXIT_FAILED and failed is not None:
        return Verdict("failed", error=told_by_trainer(failed))
    if job.stop_requested == "pause":
        return Verdict("paused", reason=_kept(resumes_from))
    if status.out_of_memory:
        # Going on at once would most likely end the same way, and take the rest of the machine with it.
        return Verdict("failed", error=out_of_memory(job))
    if job.num_resumes >= MAX_AUTOMATIC_RESUMES:
        return Verdict("failed", error=crashed_too_often(job, status, last_output))
    where = "from the beginning" if resumes_from is None else f"from step {resumes_from}"
    again = f"{job.num_resumes + 1} of {MAX_AUTOMATIC_RESUMES}"
    return Verdict("queued", reason=f"Interrupted: {interruption(status)}. It goes on by itself {where} ({again}).")


def _is_whole(done: DoneEvent, reader: RunReader) -> bool:
    planned = reader.progress.num_steps if reader.progress is not None else None
    made_all = done.step >= max(1, planned or 1) or (done.ended_early and done.step > 0)
    return made_all and bool(done.artifacts) and math.isfinite(done.train_loss)


def _kept(resumes_from: int | None) -> str | None:
    return None if resumes_from is None else f"Its checkpoint at step {resumes_from} is kept."
