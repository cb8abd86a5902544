"""Jobs and what they say while they run."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, status

from server.web.deps import A_RUN_MAY_COME, AppServices, CurrentUser
from server.web.paging import After, Limit
from shared.constants import JobState
from shared.wire import (
    Checkpoint,
    Deleted,
    Forecast,
    GenerateRequest,
    Generation,
    Job,
    JobChanges,
    JobPatch,
    JobRequest,
    ListOf,
)

router = APIRouter(tags=["jobs"])
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
Cursor = Annotated[int, Query(ge=0, le=2**53, description="`next` of the answer before; 0 for the beginning.")]


@router.post("/api/forecasts", dependencies=A_RUN_MAY_COME)
def create_forecast(request: JobRequest, services: AppServices, user: CurrentUser) -> Forecast:
    """What a job would do: the value behind every "auto" and why, steps, tokens, time, memory. Makes nothing."""
    return services.jobs.forecast(user, request)


@router.post("/api/jobs", status_code=status.HTTP_201_CREATED, dependencies=A_RUN_MAY_COME)
def create_job(request: JobRequest, services: AppServices, user: CurrentUser, idempotency_key: IdempotencyKey = None) -> Job:
    """Queues a job. Sent again with the same `Idempotency-Key` it answers the job that is there."""
    return services.jobs.create(user, request, idempotency_key=idempotency_key)


@router.get("/api/jobs")
def list_jobs(
    services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None, state: JobState | None = None
) -> ListOf[Job]:
    return services.jobs.page(user, limit=limit, after=after, state=state)


@router.get("/api/jobs/{job_id}")
def get_job(job_id: str, services: AppServices, user: CurrentUser) -> Job:
    return services.jobs.get(user, job_id)


@router.patch("/api/jobs/{job_id}")
def patch_job(job_id: str, patch: JobPatch, services: AppServices, user: CurrentUser) -> Job:
    return services.jobs.patch(user, job_id, patch)


@router.delete("/api/jobs/{job_id}")
def delete_job(job_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.jobs.delete(user, job_id)
    return Deleted(id=job_id)


@router.post("/api/jobs/{job_id}/cancel")
def cancel_job(job_id: str, services: AppServices, user: CurrentUser) -> Job:
    return services.jobs.cancel(user, job_id)


@router.post("/api/jobs/{job_id}/pause")
def pause_job(job_id: str, services: AppServices, user: CurrentUser) -> Job:
    """Saves a checkpoint and frees the machine. A waiting job is paused at once; a running one shows `stopping` until it has ended."""
    return services.jobs.pause(user, job_id)


@router.post("/api/jobs/{job_id}/resume")
def resume_job(job_id: str, services: AppServices, user: CurrentUser) -> Job:
    """Puts a paused job into the queue, before its owner's others; it goes on from its checkpoint."""
    return services.jobs.resume(user, job_id)


@router.post("/api/jobs/{job_id}/retry")
def retry_job(job_id: str, services: AppServices, user: CurrentUser) -> Job:
    """Puts a job that failed or was cancelled into the queue again; it goes on from its last checkpoint, where it has one."""
    return services.jobs.retry(user, job_id)


@router.post("/api/jobs/{job_id}/clone", status_code=status.HTTP_201_CREATED)
def clone_job(job_id: str, changes: JobChanges, services: AppServices, user: CurrentUser, idempotency_key: IdempotencyKey = None) -> Job:
    """Queues a new job like this one but for the changes."""
    return services.jobs.clone(user, job_id, changes, idempotency_key=idempotency_key)


@router.get("/api/jobs/{job_id}/checkpoints")
def list_checkpoints(job_id: str, services: AppServices, user: CurrentUser) -> ListOf[Checkpoint]:
    """Newest first; the last two of a run that has not left its model yet."""
    return services.jobs.checkpoints(user, job_id)


@router.post("/api/jobs/{job_id}/checkpoints/{checkpoint_id}/generate")
def generate_with_checkpoint(
    job_id: str, checkpoint_id: str, request: GenerateRequest, services: AppServices, user: CurrentUser
) -> Generation:
    """What the model says at this step of its training."""
    found = services.jobs.checkpoint(user, job_id, checkpoint_id)
    name = f"{job_id}:step-{found.step}"
    return services.generator.generate(name, {"kind": "checkpoint", "path": str(found.folder)}, request)
