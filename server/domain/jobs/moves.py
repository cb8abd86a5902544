"""The moves that a user asks for: pause, resume, cancel, retry, delete, change. Each is one conditional write; what lives is asked to stop
and is ended by whoever watches it."""

import time
from collections.abc import Callable
from typing import Final

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.jobs.queue import Queue
from server.domain.jobs.states import Stop, StoredJob
from server.domain.jobs.submissions import Submissions
from server.domain.jobs.tidying import Tidying, resting
from server.errors import Conflict
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import LIVE_STATES
from shared.wire import JobPatch

_CANCEL_WAIT_S: Final = 14.0
_POLL_S: Final = 0.1


class Moves:
    def __init__(self, records: Records, clock: Clock, queue: Queue, submissions: Submissions, tidying: Tidying) -> None:
        self._records = records
        self._clock = clock
        self._queue = queue
        self._submissions = submissions
        self._tidying = tidying
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")

    def cancel(
        self,
        owner: str,
        job_id: str,
        *,
        wake: Callable[[], None],
        wait: bool = True,
        reason: str | None = None,
        also: Callable[[], list[Put]] = list,
    ) -> None:
        """A job that does not run is cancelled at once. A running one is asked to stop; `wait` returns when it did, or must have.

        `reason` stands in the job's history, and `also` is written with the move, when it is not the owner who cancels.
        """
        self._change(owner, job_id, lambda stored: [*self._stopping(stored, "cancel", reason), *also()])
        wake()
        if wait:
            self._wait(owner, job_id)

    def pause(self, owner: str, job_id: str, *, wake: Callable[[], None], wait: bool = False) -> None:
        """A waiting job rests at once. A running one is asked to save a checkpoint and end, which takes it a moment; `wait` as above."""
        self._change(owner, job_id, lambda stored: self._stopping(stored, "pause"))
        wake()
        if wait:
            self._wait(owner, job_id)

    def _wait(self, owner: str, job_id: str) -> None:
        deadline = self._clock.monotonic() + _CANCEL_WAIT_S
        while self._jobs.get(owner, job_id).value.state == "running" and self._clock.monotonic() < deadline:
            time.sleep(_POLL_S)

    def resume(self, owner: str, job_id: str) -> None:
        """A paused job waits again, before its owner's others."""

        def change(stored: Stored[StoredJob]) -> list[Put | Delete]:
            job = stored.value
            if job.state == "running" and job.stop_requested == "pause":
                raise Conflict("This job is still saving its checkpoint. Resume it when it has paused.", code="jobs.wrong_state")
            if job.state != "paused":
                raise Conflict(f"Only a paused job can be resumed; this one is {job.state}.", code="jobs.wrong_state")
            return self._waiting_again(stored, at="front", reason="Resumed.")

        self._change(owner, job_id, change)

    def retry(self, owner: str, job_id: str) -> None:
        """A job that failed or was cancelled waits again, and goes on from its last checkpoint."""

        def change(stored: Stored[StoredJob]) -> list[Put | Delete]:
            job = stored.value
            if job.state not in {"failed", "cancelled"}:
                raise Conflict(
                    f"Only a job that failed or was cancelled can be tried again; this one is {job.state}.", code="jobs.wrong_state"
                )
            return self._waiting_again(stored, at="back", reason="Tried again.")

        self._change(owner, job_id, change)

    def patch(self, owner: str, job_id: str, patch: JobPatch) -> None:
        def change(stored: Stored[StoredJob]) -> list[Put | Delete]:
            job = stored.value.model_copy(update=patch.model_dump(exclude_none=True, include={"name", "note"}))
            queue: list[Put | Delete] = []
            if patch.hyperparameters is not None:
                self._need_untouched(job)
                job = self._submissions.replanned(job, patch.hyperparameters)
                queue = [self._queue.replacing(job)]
            if patch.queue_rank is not None:
                queue = self._queue.moving(job, rank=patch.queue_rank)
            return [self._jobs.replacing(owner, job_id, job, version=stored.version), *queue]

        self._change(owner, job_id, change)

    def delete(self, owner: str, job_id: str) -> None:
        """Removes an ended job with its log and its checkpoints. Its tuned model stays: it is an object of its own."""

        def change(stored: Stored[StoredJob]) -> list[Put | Delete]:
            if stored.value.state in LIVE_STATES:
                raise Conflict(f"This job is {stored.value.state}. Cancel it first, then delete it.", code="jobs.still_live")
            return [self._jobs.removing(owner, job_id, version=stored.version), Put(keys.tidying(job_id), {"owner": owner}, None)]

        self._change(owner, job_id, change)
        self._tidying.tidy(owner, job_id)

    def _stopping(self, stored: Stored[StoredJob], stop: Stop, reason: str | None = None) -> list[Put | Delete]:
        job = stored.value
        if job.state == "running":
            if job.stop_requested == "cancel" and stop == "pause":
                raise Conflict("This job is being cancelled; it cannot be paused any more.", code="jobs.wrong_state")
            changed = job.model_copy(update={"stop_requested": stop, "stop_reason": reason})
            return [self._jobs.replacing(job.owner, job.id, changed, version=stored.version)]
        changed = job.moved("cancelled" if stop == "cancel" else "paused", at=self._clock.now(), reason=reason)
        return [
            self._jobs.replacing(job.owner, job.id, changed, version=stored.version),
            *self._leaving(job),
            *resting(changed, entry_id=self._clock.new_id("out")),
        ]

    def _waiting_again(self, stored: Stored[StoredJob], *, at: str, reason: str) -> list[Put | Delete]:
        """The automatic resumes are counted anew: a person has looked at it."""
        job = stored.value
        changed = job.moved("queued", at=self._clock.now(), reason=reason, num_resumes=0, error=None)
        return [
            self._jobs.replacing(job.owner, job.id, changed, version=stored.version),
            *self._leaving(job),
            self._queue.entering(changed, at="front" if at == "front" else "back"),
        ]

    def _leaving(self, job: StoredJob) -> list[Put | Delete]:
        """The pointer of the state that the job leaves. Both go with the job's own version, so nobody else can have changed them."""
        match job.state:
            case "queued":
                return [self._queue.leaving(job.id)]
            case "paused":
                return [Delete(keys.paused(job.id), expect=None)]
            case _:
                return []

    def _need_untouched(self, job: StoredJob) -> None:
        if job.state != "queued" or job.num_runs:
            raise Conflict(
                "The settings of a job can be changed only while it waits for its first run. Clone it with other settings instead.",
                code="jobs.already_started",
            )

    def _change(self, owner: str, job_id: str, change: Callable[[Stored[StoredJob]], list[Put | Delete]]) -> None:
        def attempt() -> None:
            self._records.write(*change(self._jobs.get(owner, job_id)))

        retrying(attempt)
