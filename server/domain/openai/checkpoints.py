"""The models that a run leaves on its way: its checkpoints while it has not left its model, and then the one that became it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from server.domain.jobs.live import LiveJobs
from server.domain.jobs.log_file import events
from server.domain.jobs.service import Jobs
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import public_name
from server.domain.openai.ids import seconds, shown
from server.errors import InvalidInput, NotFound
from shared.wire.openai.jobs import CheckpointMetrics, JobCheckpoint

_STEP: Final = ":ckpt-step-"
_PREFIX: Final = "ftckpt_"


@dataclass(frozen=True)
class Checkpoints:
    jobs: Jobs
    live: LiveJobs

    def page(self, owner: str, job: StoredJob, *, limit: int, after: str | None) -> tuple[list[JobCheckpoint], bool]:
        """At most `limit` beyond the checkpoint `after`, the newest first, and whether there are more."""
        found = [one for one in self._all(owner, job) if after is None or one.step_number < _step(after)]
        return found[:limit], len(found) > limit

    def job_of(self, owner: str, model_id: str) -> tuple[StoredJob, int] | None:
        """The job and the step that a name of this kind means; None for a name of another kind. Raises `NotFound`."""
        name, mark, step = model_id.rpartition(_STEP)
        if not mark or not (step.isascii() and step.isdigit()):
            return None
        for job in self.jobs.all_stored(owner):
            if job.model_id is not None and _name_of(job) == name:
                return job, int(step)
        raise NotFound("There is no such checkpoint here. Its job may have been deleted.", code="model.not_found", param="model")

    def _all(self, owner: str, job: StoredJob) -> Iterator[JobCheckpoint]:
        events_file = self.live.events_file(owner, job.id)
        if job.state == "succeeded":
            yield from _of_model(job, events_file)
            return
        for checkpoint in self.jobs.checkpoints(owner, job.id).data:
            losses = {"train_loss": _train_loss(events_file, checkpoint.step), "valid_loss": checkpoint.validation_loss}
            yield _checkpoint(job, checkpoint.step, checkpoint.created_at, **losses)


def _of_model(job: StoredJob, events_file: Path) -> Iterator[JobCheckpoint]:
    """The step whose weights became the model: the best that was measured, or the last."""
    best: int | None = None
    valid: float | None = None
    done = None
    for _, event in events(events_file, 0):
        match getattr(event, "type", None):
            case "evaluation" if event.best and event.step:
                best, valid = event.step, event.loss
            case "done":
                done = event
    if done is not None and job.model_id is not None:
        step = best or done.step
        loss = done.validation_loss if valid is None else valid
        yield _checkpoint(job, step, job.finished_at or done.at, train_loss=_train_loss(events_file, step), valid_loss=loss)


def _checkpoint(job: StoredJob, step: int, at: datetime, *, train_loss: float | None, valid_loss: float | None) -> JobCheckpoint:
    return JobCheckpoint(
        id=f"{_PREFIX}{shown(job.id).removeprefix('ftjob-')}-{step}",
        created_at=seconds(at),
        fine_tuned_model_checkpoint=f"{_name_of(job)}{_STEP}{step}",
        fine_tuning_job_id=shown(job.id),
        metrics=CheckpointMetrics(step=step, train_loss=train_loss, valid_loss=valid_loss),
        step_number=step,
    )


def _name_of(job: StoredJob) -> str:
    return job.tuned_model or public_name(key=str(job.model_id), owner=job.owner, name=job.name, base_model=job.base_model)


def _train_loss(events_file: Path, step: int) -> float | None:
    """The last that was told until this step."""
    found = None
    for _, event in events(events_file, 0):
        if getattr(event, "type", None) == "progress" and event.step <= step:
            found = event.loss
    return found


def _step(checkpoint_id: str) -> int:
    step = checkpoint_id.rpartition("-")[2]
    if not checkpoint_id.startswith(_PREFIX) or not (step.isascii() and step.isdigit()):
        raise InvalidInput(f"{checkpoint_id[:100]!r} is no checkpoint.", code="request.invalid", param="after")
    return int(step)
