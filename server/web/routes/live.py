"""What a job says while it runs: by polling with a cursor, or as a stream."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from server.web.broadcast import Broadcasts
from server.web.deps import AppServices, CurrentCaller, CurrentUser
from server.web.polls import DEFAULT_LINES, MAX_CURSOR, MAX_LINES, response_to_poll
from server.web.stream import EventStream
from shared.wire import LogPage, Metrics

router = APIRouter(tags=["jobs"])
Cursor = Annotated[int, Query(ge=0, le=MAX_CURSOR, description="`next` of the answer before; 0 for the beginning.")]
Before = Annotated[int | None, Query(ge=0, le=MAX_CURSOR, description="`start` of a later answer: the lines that end there.")]
Tail = Annotated[int | None, Query(ge=1, le=MAX_LINES, description="The last so many lines of all.")]
LastEventId = Annotated[int | None, Header(ge=0, le=MAX_CURSOR, description="The last id that was received; counts before `after`.")]
IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of the answer that the caller has.")]


@router.get("/api/jobs/{job_id}/logs", response_model=LogPage)
def job_logs(
    job_id: str,
    services: AppServices,
    user: CurrentUser,
    after: Cursor = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LINES)] = DEFAULT_LINES,
    before: Before = None,
    tail: Tail = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Forwards from `after`, or backwards from `before`, or the `tail`. 304 for who sends the `ETag` of this very answer."""
    if before is not None or tail is not None:
        page = services.live.logs_before(user, job_id, before=before, limit=tail or limit)
        return Response(page.model_dump_json(), media_type="application/json")
    return response_to_poll(services.live.poll_logs(user, job_id, after=after, limit=limit), if_none_match)


@router.get("/api/jobs/{job_id}/metrics", response_model=Metrics)
def job_metrics(job_id: str, services: AppServices, user: CurrentUser, after: Cursor = 0, if_none_match: IfNoneMatch = None) -> Response:
    """What came since `after`. 304 for who sends the `ETag` of this very answer."""
    return response_to_poll(services.live.poll_metrics(user, job_id, after=after), if_none_match)


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
