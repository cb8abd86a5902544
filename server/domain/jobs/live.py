"""What polls and streams ask of a job, many times a second: its log, its metrics, whether it is live.

The law: a job is looked up under its owner, and such a look is believed for `FRESH_S` seconds and while the job's log is there.
Nothing that is read here is ever written here. Answers come encoded: what a thousand pages ask is encoded once.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.domain import keys
from server.domain.collection import Collection
from server.domain.jobs.fetching import RunFetches
from server.domain.jobs.log_file import log_lines, size_of, start_of_last
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.recent_lines import RecentLines
from server.domain.jobs.states import StoredJob
from server.ports.clock import Clock
from server.ports.records import Records
from shared.job_spec import EVENTS_FILE
from shared.wire import LogPage, Metrics

FRESH_S: Final = 1.0
IN_USE_S: Final = 5.0
_MAX_JOBS: Final = 4096
_MAX_TAILS: Final = 64
_MAX_CHARTS: Final = 512


@dataclass(frozen=True)
class Answer:
    """JSON, and a tag that differs whenever the same question would get another answer."""

    json: bytes
    tag: str


@dataclass
class _Seen:
    """Times are monotonic; `at` is from before the look."""

    live: bool
    events_file: Path
    at: float
    used_at: float


class LiveJobs:
    def __init__(self, records: Records, clock: Clock, readers: RunReaders, fetches: RunFetches, *, runs_folder: Path) -> None:
        self._records = records
        self._clock = clock
        self._readers = readers
        self._fetches = fetches
        self._runs_folder = runs_folder
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._tails: OrderedDict[Path, RecentLines] = OrderedDict()
        self._charts: dict[tuple[str, int], tuple[int, Answer]] = {}

    def check(self, owner: str, job_id: str) -> None:
        """Raises `NotFound` when this user has no such job."""
        self._look(owner, job_id)

    def events_file(self, owner: str, job_id: str) -> Path:
        """Where the job's log is read; not there before its first run. Raises `NotFound`."""
        return self._look(owner, job_id).events_file

    def was_there(self, owner: str, job_id: str) -> bool:
        """Whether `check` would pass, as far as that is known without waiting for anything."""
        seen = self._recently_seen(owner, job_id)
        return seen is not None and size_of(seen.events_file) > 0

    def logs(self, owner: str, job_id: str, *, after: int, limit: int) -> LogPage:
        """Up to `limit` lines behind cursor `after`. Raises `NotFound`."""
        seen = self._look(owner, job_id)  # Before the file: a log that is told to have ended was read to its end.
        lines, cursor = log_lines(seen.events_file, after=after, limit=limit)
        return LogPage(lines=lines, start=after, next=cursor, live=seen.live)

    def logs_before(self, owner: str, job_id: str, *, before: int | None, limit: int) -> LogPage:
        """The `limit` lines that end at cursor `before`, or the last ones of all. Raises `NotFound`."""
        seen = self._look(owner, job_id)
        start = start_of_last(seen.events_file, before=before, limit=limit)
        lines, cursor = log_lines(seen.events_file, after=start, limit=limit, before=before)
        return LogPage(lines=lines, start=start, next=cursor, live=seen.live)

    def metrics(self, owner: str, job_id: str, *, after: int) -> Metrics:
        """Raises `NotFound`."""
        seen = self._look(owner, job_id)
        return self._readers.of(seen.events_file).metrics(after=after)

    def poll_logs(self, owner: str, job_id: str, *, after: int, limit: int) -> Answer:
        """`logs` as an answer. Raises `NotFound`."""
        seen = self._look(owner, job_id)
        self._tail(seen.events_file).refresh()
        return self._known_logs(seen, after, limit) or _log_answer(self.logs(owner, job_id, after=after, limit=limit))

    def poll_logs_now(self, owner: str, job_id: str, *, after: int, limit: int) -> Answer | None:
        """The same without waiting for anything; None when it has to be asked."""
        seen = self._recently_seen(owner, job_id)
        return None if seen is None else self._known_logs(seen, after, limit)

    def poll_metrics(self, owner: str, job_id: str, *, after: int) -> Answer:
        """`metrics` as an answer. Raises `NotFound`."""
        metrics = self.metrics(owner, job_id, after=after)
        answer = Answer(metrics.model_dump_json().encode(), f'"{metrics.next}"')
        with self._lock:
            if len(self._charts) >= _MAX_CHARTS:
                self._charts.clear()
            self._charts[job_id, after] = (metrics.next, answer)
        return answer

    def poll_metrics_now(self, owner: str, job_id: str, *, after: int) -> Answer | None:
        """The same without waiting for anything; None when it has to be asked."""
        seen = self._recently_seen(owner, job_id)
        chart = self._charts.get((job_id, after))
        # No file is not the same as an empty one: the job may have been deleted with its folder.
        if seen is None or chart is None or not (size := size_of(seen.events_file)):
            return None
        end, answer = chart
        return answer if end == size else None

    def look_again(self) -> None:
        """Looks at the jobs that were asked for lately, so that they are known when they are asked for next."""
        now = self._clock.monotonic()
        with self._lock:
            self._seen = {key: seen for key, seen in self._seen.items() if now - seen.used_at < IN_USE_S}
            in_use = list(self._seen.items())
        for (owner, job_id), seen in in_use:
            at = self._clock.monotonic()
            found = self._records.get(keys.owned(owner, "job", job_id))
            if found is None:
                with self._lock:
                    self._seen.pop((owner, job_id), None)
            else:
                seen.live = self._fetches.follow_log(job_id, num_runs=found.data["num_runs"], state=found.data["state"])
                seen.at = at

    def log_size(self, job_id: str) -> int:
        """Bytes of the job's log. For who has looked the job up under its owner already."""
        return size_of(self._runs_folder / job_id / EVENTS_FILE)

    def log_end(self, job_id: str) -> int:
        """The cursor behind the last whole line. Likewise."""
        return start_of_last(self._runs_folder / job_id / EVENTS_FILE, before=None, limit=0)

    def _look(self, owner: str, job_id: str) -> _Seen:
        at = self._clock.monotonic()
        job = self._jobs.get(owner, job_id).value
        live = self._fetches.follow_log(job_id, num_runs=job.num_runs, state=job.state)
        seen = _Seen(live, self._runs_folder / job.id / EVENTS_FILE, at, at)
        with self._lock:
            if len(self._seen) >= _MAX_JOBS:
                self._seen.clear()
            self._seen[owner, job_id] = seen
        return seen

    def _recently_seen(self, owner: str, job_id: str) -> _Seen | None:
        seen = self._seen.get((owner, job_id))
        if seen is None:
            return None
        seen.used_at = now = self._clock.monotonic()
        return seen if now - seen.at < FRESH_S else None

    def _known_logs(self, seen: _Seen, after: int, limit: int) -> Answer | None:
        tail = self._tails.get(seen.events_file)
        # No file is not the same as an empty one: the job may have been deleted with its folder.
        size = size_of(seen.events_file)
        found = tail.behind(after, size=size, limit=limit) if tail is not None and size else None
        if found is None:
            return None
        lines, cursor = found
        return Answer(_LOG_PAGE % (b",".join(lines), after, cursor, b"true" if seen.live else b"false"), _log_tag(cursor, live=seen.live))

    def _tail(self, events_file: Path) -> RecentLines:
        with self._lock:
            tail = self._tails.pop(events_file, None) or RecentLines(events_file)
            self._tails[events_file] = tail
            while len(self._tails) > _MAX_TAILS:
                self._tails.popitem(last=False)
        return tail


# A `LogPage`, put together from lines that are encoded already.
_LOG_PAGE: Final = b'{"object":"log","lines":[%b],"start":%d,"next":%d,"live":%b}'


def _log_answer(page: LogPage) -> Answer:
    return Answer(page.model_dump_json().encode(), _log_tag(page.next, live=page.live))


def _log_tag(cursor: int, *, live: bool) -> str:
    """What lies between two cursors never changes, so where an answer ends says what it holds."""
    return f'"{cursor}-{"live" if live else "over"}"'
