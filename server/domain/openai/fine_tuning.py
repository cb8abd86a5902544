"""Jobs as fine-tuning jobs: made, shown, moved, listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import TunedModels
from server.domain.openai.asking import Asking
from server.domain.openai.checkpoints import Checkpoints
from server.domain.openai.events import job_events
from server.domain.openai.ids import own, results_of, seconds, shown
from server.errors import InvalidInput, NotFound
from server.ports.clock import Clock
from shared.wire import Job
from shared.wire.openai.jobs import (
    FineTuningJob,
    JobCheckpoint,
    JobCreate,
    JobEvent,
    JobFault,
    JobHyperparameters,
    JobMethod,
    JobMethodPart,
)

_FEW_STEPS: Final = "jobs.few_steps"


@dataclass(frozen=True)
class FineTuning:
    clock: Clock
    jobs: Jobs
    live: LiveJobs
    tuned_models: TunedModels
    asking: Asking
    checkpoints: Checkpoints

    def create(self, owner: str, body: JobCreate, *, idempotency_key: str | None) -> FineTuningJob:
        request, asked = self.asking.understood(owner, body)
        said = body.model_dump_json()
        try:
            job = self.jobs.create(owner, request, idempotency_key=idempotency_key, asked=asked, said=said)
        except InvalidInput as error:
            if error.code != _FEW_STEPS:
                raise
            request, asked = self.asking.made_longer(owner, request, asked)
            job = self.jobs.create(owner, request, idempotency_key=idempotency_key, asked=asked, said=said)
        return self._shown(self.jobs.stored(owner, job.id))

    def get(self, owner: str, job_id: str) -> FineTuningJob:
        return self._shown(self.stored(owner, job_id))

    def page(self, owner: str, *, limit: int, after: str | None, metadata: dict[str, str] | None) -> tuple[list[FineTuningJob], bool]:
        """Newest first. With `metadata`, only jobs that carry all of these pairs; empty: those that carry none."""
        found = self._fitting(owner, None if after is None else own("job", after), metadata)
        some = list(islice(found, limit + 1))
        return [self._shown(job) for job in some[:limit]], len(some) > limit

    def cancel(self, owner: str, job_id: str) -> FineTuningJob:
        return self._shown(self.jobs.stored(owner, self.jobs.cancel(owner, self.stored(owner, job_id).id).id))

    def pause(self, owner: str, job_id: str) -> FineTuningJob:
        return self._shown(self.jobs.stored(owner, self.jobs.pause(owner, self.stored(owner, job_id).id, wait=True).id))

    def resume(self, owner: str, job_id: str) -> FineTuningJob:
        return self._shown(self.jobs.stored(owner, self.jobs.resume(owner, self.stored(owner, job_id).id).id))

    def events(self, owner: str, job_id: str, *, limit: int, after: str | None) -> tuple[list[JobEvent], bool]:
        job = self.stored(owner, job_id)
        return job_events(job, self.live.events_file(owner, job.id), limit=limit, after=after)

    def checkpoints_of(self, owner: str, job_id: str, *, limit: int, after: str | None) -> tuple[list[JobCheckpoint], bool]:
        return self.checkpoints.page(owner, self.stored(owner, job_id), limit=limit, after=after)

    def stored(self, owner: str, job_id: str) -> StoredJob:
        try:
            return self.jobs.stored(owner, own("job", job_id))
        except NotFound:
            raise NotFound(f"Could not find fine tune: {job_id[:100]}", code="job.not_found", param="fine_tuning_job_id") from None

    def _fitting(self, owner: str, after: str | None, metadata: dict[str, str] | None) -> Iterator[StoredJob]:
        for job in self.jobs.all_stored(owner, after=after):
            carried = (job.asked and job.asked.metadata) or {}
            if metadata is None or (metadata and metadata.items() <= carried.items()) or (not metadata and not carried):
                yield job

    def _shown(self, job: StoredJob) -> FineTuningJob:
        asked = job.asked
        left_s = _eta_s(self.jobs.get(job.owner, job.id)) if job.state == "running" else None
        used = _used(job)
        part = JobMethodPart(hyperparameters=used)
        error = job.error
        return FineTuningJob(
            id=shown(job.id),
            created_at=seconds(job.created_at),
            finished_at=None if job.finished_at is None else seconds(job.finished_at),
            estimated_finish=None if left_s is None else seconds(self.clock.now() + timedelta(seconds=left_s)),
            status=job.state,
            model=job.base_model,
            fine_tuned_model=job.tuned_model,
            organization_id=job.owner,
            training_file=shown(job.document_ids[0]),
            validation_file=None if job.validation_document_id is None else shown(job.validation_document_id),
            result_files=[results_of(job.id)] if job.state == "succeeded" else [],
            trained_tokens=self._trained_tokens(job),
            hyperparameters=used,
            method=JobMethod(type="dpo", dpo=part) if job.objective == "preference" else JobMethod(type="supervised", supervised=part),
            seed=int(job.resolved["seed"].value),
            error=None if error is None else JobFault(code=error.code, message=f"{error.message} {error.fix}", param=None),
            integrations=[],
            metadata=asked.metadata if asked else None,
        )

    def _trained_tokens(self, job: StoredJob) -> int | None:
        if job.tuned_model is None:
            return None
        try:
            return self.tuned_models.get(job.owner, job.tuned_model).num_training_tokens
        except NotFound:  # Deleted since: what was planned is known still.
            return job.num_training_tokens


def _eta_s(job: Job) -> float | None:
    return None if job.progress is None else job.progress.eta_s


def _used(job: StoredJob) -> JobHyperparameters:
    """The numbers of the run. "auto" multiplies the product's own rate by one; a rate that was given as such is no multiple of anything."""
    asked = job.asked
    epochs, batch = float(job.resolved["epochs"].value), int(job.resolved["batch_size"].value)
    beta = job.resolved.get("beta") if job.objective == "preference" else None
    multiplier: float | None = None if job.hyperparameters.learning_rate != "auto" else 1.0
    if asked is not None and asked.learning_rate_multiplier != "auto":
        multiplier = float(asked.learning_rate_multiplier)
    return JobHyperparameters(
        n_epochs=int(epochs) if epochs.is_integer() and epochs >= 1 else None,
        batch_size=batch,
        learning_rate_multiplier=multiplier,
        beta=None if beta is None else float(beta.value),
    )
