"""`/v1/fine_tuning/jobs`."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request

from server.web.deps import AppServices, CurrentUser
from server.web.routes.openai.paging import After, page_of
from shared.wire.openai.base import PageOf
from shared.wire.openai.jobs import FineTuningJob, JobCheckpoint, JobCreate, JobEvent

router = APIRouter(prefix="/v1/fine_tuning/jobs", include_in_schema=False)
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=300)]
_METADATA: Final = re.compile(r"metadata\[(.{1,64})\]", re.DOTALL)


@router.post("")
def create_fine_tuning_job(
    body: JobCreate, services: AppServices, user: CurrentUser, idempotency_key: IdempotencyKey = None
) -> FineTuningJob:
    return services.openai.fine_tuning.create(user, body, idempotency_key=idempotency_key)


@router.get("")
def list_fine_tuning_jobs(
    request: Request, services: AppServices, user: CurrentUser, limit: Annotated[int, Query(ge=1, le=1_000)] = 20, after: After = None
) -> PageOf[FineTuningJob]:
    return page_of(services.openai.fine_tuning.page(user, limit=limit, after=after, metadata=_metadata(request)))


@router.get("/{job_id}")
def retrieve_fine_tuning_job(job_id: str, services: AppServices, user: CurrentUser) -> FineTuningJob:
    return services.openai.fine_tuning.get(user, job_id)


@router.post("/{job_id}/cancel")
def cancel_fine_tuning_job(job_id: str, services: AppServices, user: CurrentUser) -> FineTuningJob:
    return services.openai.fine_tuning.cancel(user, job_id)


@router.post("/{job_id}/pause")
def pause_fine_tuning_job(job_id: str, services: AppServices, user: CurrentUser) -> FineTuningJob:
    return services.openai.fine_tuning.pause(user, job_id)


@router.post("/{job_id}/resume")
def resume_fine_tuning_job(job_id: str, services: AppServices, user: CurrentUser) -> FineTuningJob:
    return services.openai.fine_tuning.resume(user, job_id)


@router.get("/{job_id}/events")
def list_fine_tuning_events(
    job_id: str, services: AppServices, user: CurrentUser, limit: Annotated[int, Query(ge=1, le=10_000)] = 20, after: After = None
) -> PageOf[JobEvent]:
    return page_of(services.openai.fine_tuning.events(user, job_id, limit=limit, after=after))


@router.get("/{job_id}/checkpoints")
def list_fine_tuning_checkpoints(
    job_id: str, services: AppServices, user: CurrentUser, limit: Annotated[int, Query(ge=1, le=1_000)] = 10, after: After = None
) -> PageOf[JobCheckpoint]:
    return page_of(services.openai.fine_tuning.checkpoints_of(user, job_id, limit=limit, after=after))


def _metadata(request: Request) -> dict[str, str] | None:
    """`metadata[k]=v` for each pair; `metadata=null` for jobs without any."""
    pairs = {found[1]: value for name, value in request.query_params.multi_items() if (found := _METADATA.fullmatch(name))}
    return {} if not pairs and request.query_params.get("metadata") == "null" else pairs or None
