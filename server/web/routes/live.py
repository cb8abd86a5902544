"""What a job says while it runs: by polling with a cursor, or as a stream."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, status
from starlette.concurrency import run_in_threadpool

from server.web.broadcast import Broadcasts
from server.web.deps import AppServices, CurrentCaller, CurrentUser
from server.web.stream import EventStream
from shared.wire import LogPage, Metrics

router = APIRouter(tags=["jobs"])
Cursor = Annotated[int, Query(ge=0, le=2**53, description="`next` of the answer before; 0 for the beginning.")]
Before = Annotated[int | None, Query(ge=0, le=2**53, description="`start` of a later answer: the lines that end there.")]
Tail = Annotated[int | None, Query(ge=1, le=1000, description="The last so many lines of all.")]
LastEventId = Annotated[int | None, Header(ge=0, le=2**53, description="The last id that was received; counts before `after`.")]


@router.get("/api/jobs/{job_id}/logs")
def job_logs(
    job_id: str,
    services: AppServices,
    user: CurrentUser,
    after: Cursor = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    before: Before = None,
    tail: Tail = None,
) -> LogPage:
    """Forwards from `after`, or backwards from `before`, or the `tail`."""
    if before is not None or tail is not None:
        return services.live.logs_before(user, job_id, before=before, limit=tail or limit)
    return services.live.logs(user, job_id, after=after, limit=limit)


@router.get("/api/jobs/{job_id}/metrics")
def job_metrics(job_id: str, services: AppServices, user: CurrentUser, after: Cursor = 0) -> Metrics:
    return services.live.metrics(user, job_id, after=after)


@router.get("/api/jobs/{job_id}/stream", status_code=status.HTTP_200_OK, response_class=EventStream)
async def job_stream(
    job_id: str, request: Request, services: AppServices, caller: CurrentCaller, after: Cursor = 0, last_event_id: LastEventId = None
) -> EventStream:
    """Server-sent events: `log` (LogLine), `metrics` (Metrics), `job` (Job) when what is shown of it changes, `end` when it is over.

    Each `id` is a cursor of the log. Asked for again with the last one, the stream goes on behind it: each line comes once and in order;
    points of the metrics may come again and are the same. It ends with the sign-in; without `end` it is to be asked for again.
    """
    await run_in_threadpool(services.jobs.get, caller.user_id, job_id)
    broadcasts: Broadcasts = request.app.state.broadcasts
    return EventStream(broadcasts.stream(caller, job_id, after=after if last_event_id is None else last_event_id))
