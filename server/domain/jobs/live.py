"""What polls and streams ask of a job, many times a second: its log, its metrics, whether there is anything new.

The law: a job is looked up under its owner, and such a look is believed for `FRESH_S` seconds and while the job's files are there.
Nothing that is read here is ever written here.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.domain.collection import Collection
from server.domain.jobs.log_file import log_lines, size_of, start_of_last
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.states import StoredJob
from server.ports.clock import Clock
from server.ports.records import Records
from shared.constants import LIVE_STATES
from shared.job_spec import EVENTS_FILE
from shared.wire import LogPage, Metrics

FRESH_S: Final = 1.0
_MAX_REMEMBERED: Final = 4096


@dataclass(frozen=True)
class _Seen:
    live: bool
    events_file: Path
    at: float


class LiveJobs:
    def __init__(self, records: Records, clock: Clock, readers: RunReaders, *, runs_folder: Path) -> None:
        self._clock = clock
        self._readers = readers
        self._runs_folder = runs_folder
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._lock = threading.Lock()

    def nothing_behind(self, owner: str, job_id: str, cursor: int) -> bool | None:
        """Whether the job is live, when it is known without a read of the records and its log ends at `cursor`; None otherwise."""
        seen = self._seen.get((owner, job_id))
        if seen is None or self._clock.monotonic() - seen.at >= FRESH_S:
            return None
        # No file is not the same as an empty one: the job may have been deleted with its folder.
        return seen.live if cursor > 0 and size_of(seen.events_file) == cursor else None

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
        points, generations, cursor = self._readers.of(seen.events_file).metrics(after=after)
        return Metrics(data=points, generations=generations, next=cursor)

    def log_size(self, job_id: str) -> int:
        """Bytes of the job's log. For who has looked the job up under its owner already."""
        return size_of(self._runs_folder / job_id / EVENTS_FILE)

    def log_end(self, job_id: str) -> int:
        """The cursor behind the last whole line. Likewise."""
        return start_of_last(self._runs_folder / job_id / EVENTS_FILE, before=None, limit=0)

    def _look(self, owner: str, job_id: str) -> _Seen:
        at = self._clock.monotonic()
        job = self._jobs.get(owner, job_id).value
        seen = _Seen(job.state in LIVE_STATES, self._runs_folder / job.id / EVENTS_FILE, at)
        with self._lock:
            if len(self._seen) >= _MAX_REMEMBERED:
                self._seen.clear()
            self._seen[owner, job_id] = seen
        return seen
