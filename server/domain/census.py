"""How much there is of everything, over all users, for whoever watches the installation: numbers only, never whose."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.domain import keys
from server.domain.documents.usage import Room
from server.domain.jobs.queue import pointers
from server.domain.jobs.states import ENDED
from server.ports.clock import Clock
from server.ports.records import Record, Records
from shared.constants import JobState

_PAGE: Final = 500
# What ended and what is stored is counted by reading everybody's documents, which DynamoDB charges for.
_KEPT_S: Final = 900.0


@dataclass(frozen=True)
class Live:
    """What runs and what waits, as it is now. `watched` are the runs that this server watches."""

    queued: int
    running: int
    paused: int
    watched: int
    stalled: int


@dataclass(frozen=True)
class Kept:
    """What is kept, at most a quarter of an hour old."""

    users: int
    ended: dict[JobState, int]
    storage_bytes: int


class Census:
    """`me` is this server's id among those that watch runs. Every call may raise what the records raise."""

    def __init__(self, records: Records, clock: Clock, room: Room, *, me: str) -> None:
        self._records = records
        self._clock = clock
        self._room = room
        self._me = me
        self._lock = threading.Lock()
        self._last: tuple[float, Kept] | None = None

    def live(self) -> Live:
        runs = pointers(self._records, keys.RUNNING_PARTITION)
        return Live(
            queued=len(pointers(self._records, keys.QUEUE_PARTITION)),
            running=len(runs),
            paused=len(pointers(self._records, keys.PAUSED_PARTITION)),
            watched=sum(run.data.get("holder") == self._me for run in runs),
            stalled=sum(run.data.get("stalled_since") is not None for run in runs),
        )

    def kept(self) -> Kept:
        with self._lock:
            now = self._clock.monotonic()
            if self._last is None or now - self._last[0] >= _KEPT_S:
                self._last = (now, self._counted())
            return self._last[1]

    def _counted(self) -> Kept:
        users = [pointer.key.sort for pointer in pointers(self._records, keys.USERS_PARTITION)]
        states = Counter(str(job.data["state"]) for user in users for job in self._jobs(user))
        return Kept(
            users=len(users),
            ended={state: states[state] for state in ENDED},
            storage_bytes=sum(self._room.usage(user).storage_bytes for user in users),
        )

    def _jobs(self, user_id: str) -> Iterator[Record]:
        after = None
        while True:
            page = self._records.page(keys.collection_partition(user_id), prefix=keys.collection_prefix("job"), after=after, limit=_PAGE)
            yield from page.records
            if not page.has_more:
                return
            after = page.records[-1].key.sort
