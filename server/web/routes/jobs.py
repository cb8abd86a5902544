"""Jobs and what they say while they run."""

from typing import Annotated

from fastapi import APIRouter, Header, status

from server.web.deps import AppServices, CurrentUser
from server.web.paging import After, Limit
from shared.constants import JobState
from shared.wire import Deleted, Forecast, Job, JobPatch, JobRequest, ListOf

router = APIRouter(tags=["jobs"])
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


@router.post("/api/forecasts")
def create_forecast(request: JobRequest, services: AppServices, user: CurrentUser) -> Forecast:
    """What a job would do: the value behind every "auto" and why, steps, tokens, time, memory. Makes nothing."""
    return services.jobs.forecast(user, request)


@router.post("/api/jobs", status_code=status.HTTP_201_CREATED)
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
