"""Polls of logs and metrics: most of them find nothing new, or what the poll before them found. Those are answered at once.

`PollsAtOnce` stands before the routes and answers what it can without waiting for anything: no thread, no file, no records. It answers
exactly what the route would, at most a second old, and passes on whatever it is not sure of, refusals among it.
"""

import asyncio
import re
from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.domain.jobs.live import Answer
from server.errors import LlmTunerError

if TYPE_CHECKING:
    from server.domain.accounts.service import Accounts
    from server.domain.jobs.live import LiveJobs

_LOOK_AGAIN_S: Final = 0.5
_log = structlog.get_logger()

DEFAULT_LINES: Final = 500
MAX_LINES: Final = 1_000
MAX_CURSOR: Final = 2**53
_POLL: Final = re.compile(r"/api/jobs/([A-Za-z0-9-]{1,64})/(logs|metrics)")
_ROUTES: Final = {"logs": "/api/jobs/{job_id}/logs", "metrics": "/api/jobs/{job_id}/metrics"}
_QUERY: Final = re.compile(rb"(?:after=([0-9]{1,15}))?(?:&?limit=([0-9]{1,3}))?")


def response_to_poll(answer: Answer, if_none_match: str | None) -> Response:
    """304 without a body when the caller has this answer already."""
    if if_none_match is not None and answer.tag in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers={"etag": answer.tag})
    return Response(answer.json, media_type="application/json", headers={"etag": answer.tag})


class PollsAtOnce:
    def __init__(self, app: ASGIApp, accounts: "Accounts", live: "LiveJobs") -> None:
        self._app = app
        self._accounts = accounts
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (poll := _POLL.fullmatch(scope["path"])) and scope["method"] == "GET":
            token, if_none_match = _headers(scope)
            if token and (caller := self._accounts.recently_identified(token)) and (query := _QUERY.fullmatch(scope["query_string"])):
                answer = self._answer(caller.user_id, poll[1], poll[2], after=query[1], limit=query[2])
                if answer is not None:
                    scope.setdefault("state", {}).update(user_id=caller.user_id, quiet=True, route=_ROUTES[poll[2]])
                    await response_to_poll(answer, if_none_match)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _answer(self, owner: str, job_id: str, what: str, *, after: bytes | None, limit: bytes | None) -> Answer | None:
        cursor, lines = int(after or 0), int(limit or DEFAULT_LINES)
        if what == "metrics":
            return self._live.poll_metrics_now(owner, job_id, after=cursor) if limit is None else None
        return self._live.poll_logs_now(owner, job_id, after=cursor, limit=lines) if lines else None


async def keep_fresh(accounts: "Accounts", live: "LiveJobs") -> None:
    """Looks again at the sessions and jobs of those who poll, in one thread for all of them, before their next poll comes."""
    while True:
        await asyncio.sleep(_LOOK_AGAIN_S)
        try:
            await run_in_threadpool(_look_again, accounts, live)
        except LlmTunerError as error:  # Polls are then passed on, and told by their routes what is the matter.
            _log.warning("polls_not_fresh", reason=str(error))


def _look_again(accounts: "Accounts", live: "LiveJobs") -> None:
    accounts.look_again()
    live.look_again()


def _headers(scope: Scope) -> tuple[str | None, str | None]:
    """The bearer token and the tag that the caller has."""
    token = tag = None
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            token = value[7:].decode("latin-1")
        elif name == b"if-none-match":
            tag = value.decode("latin-1")
    return token, tag
