"""The job state machine: one table of allowed moves, and the document that a job is stored as."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel

from server.errors import Conflict
from shared.constants import JobState, Method
from shared.wire import Hyperparameters, Job, JobError, Progress, Resolved

MOVES: Final[dict[JobState, frozenset[JobState]]] = {
    "queued": frozenset({"running", "cancelled", "failed"}),
    "running": frozenset({"succeeded", "failed", "cancelled", "paused", "queued"}),
    "paused": frozenset({"queued", "cancelled"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}


class StoredJob(BaseModel):
    """A job as it is stored. `run_id` and `model_id` are given when a run begins, so that finishing twice gives the same names."""

    id: str
    owner: str
    name: str
    note: str
    state: JobState = "queued"
    base_model: str
    dataset_id: str
    document_ids: list[str]
    validation_document_id: str | None = None
    content_sha256: str
    allow_short_run: bool = False
    method: Method
    hyperparameters: Hyperparameters
    resolved: dict[str, Resolved]
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_id: str | None = None
    model_id: str | None = None
    cancel_requested: bool = False
    error: JobError | None = None
    tuned_model: str | None = None
    last_progress: Progress | None = None

    def moved(self, state: JobState, **changes: object) -> "StoredJob":
        """The job in another state. Raises `Conflict` for a move that the table does not allow."""
        if state not in MOVES[self.state]:
            raise Conflict(f"The state of this job is {self.state}; it cannot become {state} any more.", code="jobs.wrong_state")
        return self.model_copy(update={"state": state, **changes})

    def shown(self, *, progress: Progress | None, queue_position: int | None) -> Job:
        return Job(
            id=self.id,
            name=self.name,
            note=self.note,
            state=self.state,
            base_model=self.base_model,
            dataset_id=self.dataset_id,
            document_ids=self.document_ids,
            content_sha256=self.content_sha256,
            method=self.method,
            hyperparameters=self.hyperparameters,
            resolved=self.resolved,
            progress=progress,
            queue_position=queue_position,
            error=self.error,
            tuned_model=self.tuned_model,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )
