"""The job state machine: one table of allowed moves, and the document that a job is stored as."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel

from server.domain.forecasts.lines import forecast_lines
from server.domain.jobs.asked import AskedThere
from server.errors import Conflict
from shared.constants import JobState, Method, Objective
from shared.wire import Forecast, Hyperparameters, Job, JobError, JobMove, Progress, Resolved, Spent

MOVES: Final[dict[JobState, frozenset[JobState]]] = {
    "queued": frozenset({"running", "cancelled", "failed", "paused"}),
    "running": frozenset({"succeeded", "failed", "cancelled", "paused", "queued"}),
    "paused": frozenset({"queued", "cancelled"}),
    "succeeded": frozenset(),
    # From these two a person alone leads on, by "retry".
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
}
ENDED: Final[frozenset[JobState]] = frozenset({"succeeded", "failed", "cancelled"})
Stop = Literal["cancel", "pause"]
_MAX_HISTORY: Final = 50


class StoredJob(BaseModel):
    """A job as it is stored. `run_id` and `model_id` are given when a run begins, so that finishing twice gives the same names.

    `num_runs` is also the fencing number of the present run. `num_training_tokens` and `memory_bytes` are the plan's estimates.
    """

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
    objective: Objective = "supervised"
    hyperparameters: Hyperparameters
    resolved: dict[str, Resolved]
    num_training_tokens: int = 0
    memory_bytes: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_id: str | None = None
    model_id: str | None = None
    num_runs: int = 0
    num_resumes: int = 0
    stop_requested: Stop | None = None
    stop_reason: str | None = None
    """For the history, where it was not the owner who asked for the stop."""
    left_by: str | None = None
    """The run whose finished model waits in the run's folder, because the disk had no room to take it in."""
    cloned_from: str | None = None
    test_set_id: str | None = None
    evaluation_id: str | None = None
    history: list[JobMove] = []
    error: JobError | None = None
    tuned_model: str | None = None
    last_progress: Progress | None = None
    forecast: Forecast | None = None
    """What was said when the job was made, for what it took to be held against it. Jobs from before have none."""
    spent: Spent | None = None
    asked: AskedThere | None = None
    """Only of a job that was made through the OpenAI-compatible face."""

    def moved(self, state: JobState, *, at: datetime, reason: str | None = None, **changes: object) -> "StoredJob":
        """The job in another state, with the move in its history. Raises `Conflict` for a move that the table does not allow."""
        if state not in MOVES[self.state]:
            raise Conflict(f"The state of this job is {self.state}; it cannot become {state} any more.", code="jobs.wrong_state")
        ended = {"finished_at": at if state in ENDED else None, "stop_requested": None, "stop_reason": None}
        history = [*self.history, JobMove(state=state, at=at, reason=reason)][-_MAX_HISTORY:]
        return self.model_copy(update={**ended, **changes, "state": state, "history": history})

    def shown(self, **live: object) -> Job:
        """The job as the wire has it; `live` is what is not stored in it but known now."""
        stored = {name: getattr(self, name) for name in Job.model_fields if name in StoredJob.model_fields}
        costs = forecast_lines(self.forecast, self.spent)
        known = {"progress": self.last_progress, "queue_position": None, "stopping": self.stop_requested, "costs": costs}
        return Job(**{**stored, **known, **live})
