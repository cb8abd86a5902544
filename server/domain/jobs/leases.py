"""Which server watches which runs, of training and of tests. A server that watches any says so with a number that rises every two
seconds.

A server counts as lost when its process is gone, when it has taken its record away, or when its number has not changed for eight seconds
of our own monotonic clock: no wall clock takes part. A lost server that was only frozen finds its writes refused, because whoever took
its runs over has changed their pointers.
"""

import threading
from collections.abc import Callable
from typing import Final

from server.domain import keys
from server.domain.jobs.queue import pointers
from server.errors import StaleWrite
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records

BEAT_S: Final = 2.0
LOST_AFTER_S: Final = 8.0


class Leases:
    """`is_gone` says of a server's id that its process is certainly not there any more."""

    def __init__(self, records: Records, clock: Clock, *, me: str, is_gone: Callable[[str], bool] = lambda server: False) -> None:
        self.me = me
        self._records = records
        self._clock = clock
        self._is_gone = is_gone
        self._beat = 0
        self._holding: set[str] = set()
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, float]] = {}

    def claiming(self, what: str = "training") -> Put:
        """The change that makes this server known; part of every write that gives it a run. `what` is what kind of run it is."""
        with self._lock:
            self._holding.add(what)
            self._beat += 1
            return Put(keys.server(self.me), {"beat": self._beat}, None)

    def beat(self) -> None:
        """Called every `BEAT_S` from a thread of its own: a slow look at a run must not cost us the others."""
        with self._lock:
            if self._holding:
                self._beat += 1
                self._records.write(Put(keys.server(self.me), {"beat": self._beat}, None))

    def rest(self, what: str = "training") -> None:
        """This server watches nothing of this kind any more, or ends. When it watches nothing at all, whoever comes next need not wait for
        us to be lost."""
        with self._lock:
            if what in self._holding:
                self._holding.remove(what)
                if not self._holding:
                    self._records.write(Delete(keys.server(self.me), None))

    def is_lost(self, server: str) -> bool:
        if server == self.me:
            return False
        record = self._records.get(keys.server(server))
        if record is None or self._is_gone(server):
            return True
        beat, now = record.data["beat"], self._clock.monotonic()
        last, since = self._seen.get(server, (None, now))
        if beat != last:
            self._seen[server] = (beat, now)
            return False
        return now - since >= LOST_AFTER_S

    def sweep(self) -> None:
        """Removes what lost servers left. Their runs were taken over before."""
        for record in pointers(self._records, keys.SERVER_PARTITION):
            if self.is_lost(record.key.sort):
                self._seen.pop(record.key.sort, None)
                try:
                    self._records.write(Delete(record.key, record.version))
                except StaleWrite:
                    continue  # It was only slow.
