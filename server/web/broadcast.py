"""Watches the logs of jobs that somebody looks at, and hands what is new to everybody who looks: read once, encoded once.

Lives in the event loop; no thread waits for a viewer, and a viewer who does not keep up is let go (it comes back by the id it has).
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.concurrency import run_in_threadpool

from server.domain.accounts.callers import Caller
from server.domain.accounts.service import Accounts
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.errors import LlmTunerError, NotFound
from server.web.stream import HEARTBEAT, OPENING, event, json_of
from shared.constants import LIVE_STATES
from shared.wire import LogPage, Metrics

LOOK_EVERY_S: Final = 0.2
JOB_EVERY_S: Final = 1.0
CALLERS_EVERY_S: Final = 0.7
HEARTBEAT_EVERY_S: Final = 15.0
_PAGE_LINES: Final = 500
# Pieces that wait for one viewer: more than a minute of a training that talks at every look.
_MAX_WAITING: Final = 400
_log = structlog.get_logger()


@dataclass(frozen=True)
class Batch:
    """What was said between two cursors, as it goes out: the pieces in order, each with the cursor that it reaches.

    Metrics come first and carry the cursor *before* the batch, so that whoever is cut off in the middle gets them again, and never loses a
    point. A point that comes twice is the same point; a line never comes twice.
    """

    start: int
    pieces: list[tuple[int, bytes]]
    whole: bytes

    @classmethod
    def of(cls, page: LogPage, metrics: Metrics | None) -> "Batch":
        pieces = [(line.cursor, event("log", line.cursor, json_of(line))) for line in page.lines]
        if metrics is not None:
            pieces.insert(0, (page.next, event("metrics", page.start, json_of(metrics))))
        return cls(page.start, pieces, b"".join(piece for _, piece in pieces))

    def behind(self, cursor: int) -> bytes:
        return self.whole if cursor <= self.start else b"".join(piece for end, piece in self.pieces if end > cursor)


class Reading:
    """How far somebody has read a job's log, and how far its metrics. Used from one thread at a time."""

    def __init__(self, live: LiveJobs, owner: str, job_id: str, cursor: int) -> None:
        self._live = live
        self._owner = owner
        self._job_id = job_id
        self._charted = cursor
        self.cursor = cursor

    def read(self) -> Batch | None:
        """The next lines and what they say of the metrics; None when there is no whole line more. Raises `NotFound`."""
        page = self._live.logs(self._owner, self._job_id, after=self.cursor, limit=_PAGE_LINES)
        if page.next == self.cursor:
            return None
        self.cursor = page.next
        metrics = None
        if self._charted < page.next:
            metrics = self._live.metrics(self._owner, self._job_id, after=self._charted)
            self._charted = metrics.next
        return Batch.of(page, metrics if metrics is not None and says_something(metrics) else None)


def says_something(metrics: Metrics) -> bool:
    return bool(metrics.data or metrics.generations or metrics.rewound_to is not None)


class Viewer:
    """One open stream: what waits for it, and its end. Only the event loop touches it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._waiting: deque[Batch | bytes] = deque()
        self._news = asyncio.Event()
        self._over = False

    def give(self, piece: Batch | bytes) -> None:
        if len(self._waiting) >= _MAX_WAITING:
            self.end()
        if not self._over:
            self._waiting.append(piece)
            self._news.set()

    def end(self, *, after_all: bool = False) -> None:
        """Ends the stream; `after_all`: once everything that waits has been taken."""
        self._over = True
        if not after_all:
            self._waiting.clear()
        self._news.set()

    async def pieces(self) -> AsyncIterator[Batch | bytes]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._over:
                return
            self._news.clear()
            await self._news.wait()


class Watch:
    """One job, its viewers, and the look at it that is taken as long as there are any."""

    def __init__(self, owner: str, job_id: str, jobs: Jobs, live: LiveJobs) -> None:
        self._owner = owner
        self._job_id = job_id
        self._jobs = jobs
        self._live = live
        self._reading = Reading(live, owner, job_id, live.log_end(job_id))
        self._size_read = -1
        self.viewers: set[Viewer] = set()
        self.job_json: bytes | None = None

    @property
    def cursor(self) -> int:
        """Where the viewers stand once they have taken what waits for them."""
        return self._reading.cursor

    async def run(self) -> None:
        clock = asyncio.get_running_loop().time
        next_job, next_heartbeat = clock(), clock() + HEARTBEAT_EVERY_S
        while self.viewers:
            if clock() >= next_job:
                next_job = clock() + JOB_EVERY_S
                if await self._look_at_job():
                    return
            await self._look_at_log()
            if clock() >= next_heartbeat:
                next_heartbeat = clock() + HEARTBEAT_EVERY_S
                self._give(HEARTBEAT)
            await asyncio.sleep(LOOK_EVERY_S)

    def finish(self, *farewell: bytes) -> None:
        for viewer in self.viewers:
            for piece in farewell:
                viewer.give(piece)
            viewer.end(after_all=True)

    async def _look_at_job(self) -> bool:
        """True when the job is over: then everything was said, and the viewers were told so."""
        try:
            job = await run_in_threadpool(self._jobs.get, self._owner, self._job_id)
            over = job.state not in LIVE_STATES
            if over:
                await self._look_at_log()  # The state is written after the last line: now the file is whole.
        except NotFound:  # It was deleted.
            self.finish(event("end", self.cursor))
            return True
        shown = json_of(job)
        if shown != self.job_json:
            self.job_json = shown
            self._give(event("job", self.cursor, shown))
        if over:
            self.finish(event("end", self.cursor))
        return over

    async def _look_at_log(self) -> None:
        # The size is asked before the reading: what is appended meanwhile is found at the next look.
        while (size := self._live.log_size(self._job_id)) != self._size_read:
            batch = await run_in_threadpool(self._reading.read)
            if batch is None:
                self._size_read = size
            else:
                self._give(batch)

    def _give(self, piece: Batch | bytes) -> None:
        for viewer in self.viewers:
            viewer.give(piece)


class Broadcasts:
    """All open streams of this server."""

    def __init__(self, jobs: Jobs, live: LiveJobs, accounts: Accounts) -> None:
        self._jobs = jobs
        self._live = live
        self._accounts = accounts
        self._viewers: set[Viewer] = set()
        self._watches: dict[tuple[str, str], Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def num_viewers(self) -> int:
        return len(self._viewers)

    @property
    def num_watches(self) -> int:
        return len(self._watches)

    async def stream(self, caller: Caller, job_id: str, *, after: int) -> AsyncGenerator[bytes]:
        """Everything behind cursor `after`, and then what comes. The job has been looked up under its owner."""
        viewer = self._admit(caller)
        watch = None
        try:
            yield OPENING
            reading = Reading(self._live, caller.user_id, job_id, min(after, self._live.log_end(job_id)))
            while (batch := await run_in_threadpool(reading.read)) is not None:
                yield batch.whole
            watch = self._watch(caller.user_id, job_id)
            watch.viewers.add(viewer)  # From here on nothing passes by; what the watch read before lies in the file.
            while reading.cursor < watch.cursor and (batch := await run_in_threadpool(reading.read)) is not None:
                yield batch.whole
            if watch.job_json is not None:
                yield event("job", reading.cursor, watch.job_json)
            async for piece in viewer.pieces():
                if unseen := piece.behind(reading.cursor) if isinstance(piece, Batch) else piece:
                    yield unseen
        finally:
            self._viewers.discard(viewer)
            if watch is not None:
                watch.viewers.discard(viewer)

    def close(self) -> None:
        """Ends every stream: the server is going, and its viewers shall look for the next one."""
        for viewer in self._viewers:
            viewer.end()

    def _admit(self, caller: Caller) -> Viewer:
        viewer = Viewer(caller)
        self._viewers.add(viewer)
        if len(self._viewers) == 1:
            self._start(self._check_callers())
        return viewer

    def _watch(self, owner: str, job_id: str) -> Watch:
        watch = self._watches.get((owner, job_id))
        if watch is None:
            watch = self._watches[owner, job_id] = Watch(owner, job_id, self._jobs, self._live)
            self._start(self._run(watch, (owner, job_id)))
        return watch

    async def _run(self, watch: Watch, key: tuple[str, str]) -> None:
        try:
            await watch.run()
        except Exception:
            # The border of this task: its viewers are let go and come back, to a new watch.
            _log.exception("watch_failed", job=key[1])
            watch.finish()
        finally:
            del self._watches[key]

    async def _check_callers(self) -> None:
        """Ends the streams of those who signed out or whose token ran out. One round of reads for all."""
        while self._viewers:
            await asyncio.sleep(CALLERS_EVERY_S)
            callers = {viewer.caller for viewer in self._viewers}
            try:
                welcome = await run_in_threadpool(self._accounts.still_signed_in, callers)
            except LlmTunerError as error:
                _log.warning("callers_not_checked", reason=str(error))
                continue
            for viewer in self._viewers:
                if viewer.caller in callers - welcome:
                    viewer.end()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # The loop itself keeps no hold of a task.
        task.add_done_callback(self._tasks.discard)
