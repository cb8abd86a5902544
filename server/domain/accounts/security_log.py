"""What was done with an account: kept for 90 days, for its owner and for administrators.

A change and its entry are one write (`changes`). What is merely noticed, a failed sign-in or the use of a key, is written later and on
another thread: the time of an answer must not tell whether there was an account to write about.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts.visits import Visit
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Key, Put, Records
from shared.constants import SECURITY_LOG_DAYS, SecurityEventKind
from shared.wire import SecurityEvent

Later = Callable[[Callable[[], None]], None]
_KIND: Final = "security"
# Somebody who guesses from many places must not push everything else out of the log.
_MAX_FAILURES: Final = 100
_WINDOW_S: Final = 15 * 60.0
_MAX_COUNTED: Final = 10_000
_SWEPT_AT_ONCE: Final = 45


class Entry(BaseModel):
    kind: SecurityEventKind
    at: datetime
    address: str
    device: str
    detail: str


class SecurityLog:
    """`later` runs a piece of work soon, on another thread, or drops it when too much waits."""

    def __init__(self, records: Records, clock: Clock, later: Later) -> None:
        self._records = records
        self._clock = clock
        self._later = later
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def changes(self, user_id: str, kind: SecurityEventKind, visit: Visit, detail: str = "") -> list[Put]:
        """The entry and the pointer to it; part of the write that does what they tell of."""
        entry_id = self._clock.new_id("sev")
        entry = Entry(kind=kind, at=self._clock.now(), address=visit.address, device=visit.device, detail=detail)
        expires_at = entry.at + timedelta(days=SECURITY_LOG_DAYS)
        return [
            Put(keys.owned(user_id, _KIND, entry_id), entry.model_dump(mode="json"), ABSENT, expires_at),
            Put(keys.security_entry(entry_id), {"user_id": user_id}, ABSENT, expires_at),
        ]

    def noticed(self, user_id: str, kind: SecurityEventKind, visit: Visit, detail: str = "") -> None:
        """Written soon. Of failed sign-ins, at most a hundred in a quarter of an hour."""
        if kind == "sign_in_failed" and not self._is_worth_an_entry(user_id):
            return
        changes = self.changes(user_id, kind, visit, detail)
        self._later(lambda: self._records.write(*changes))

    def page(self, user_id: str, *, limit: int, after: str | None) -> tuple[list[SecurityEvent], bool]:
        """Newest first, and whether there are more."""
        page = self._records.page(
            keys.collection_partition(user_id),
            prefix=keys.collection_prefix(_KIND),
            after=None if after is None else keys.collection_prefix(_KIND) + after,
            limit=limit,
            newest_first=True,
        )
        events = [
            _shown(record.key.sort.removeprefix(keys.collection_prefix(_KIND)), Entry.model_validate(record.data))
            for record in page.records
        ]
        return events, page.has_more

    def page_of_all(self, email_of: Callable[[str], str | None], *, limit: int, after: str | None) -> tuple[list[SecurityEvent], bool]:
        """Everybody's, newest first. Entries of accounts that are gone are gone with them, so a page may hold fewer than `limit`."""
        page = self._records.page(keys.SECURITY_PARTITION, after=after, limit=limit, newest_first=True)
        events = []
        for pointer in page.records:
            user_id = str(pointer.data["user_id"])
            found = self._records.get(keys.owned(user_id, _KIND, pointer.key.sort))
            if found is not None:
                events.append(_shown(pointer.key.sort, Entry.model_validate(found.data)).model_copy(update={"email": email_of(user_id)}))
        return events, page.has_more

    def sweep(self) -> None:
        """Removes what is older than 90 days, and pointers to entries that are gone with their account."""
        oldest = self._clock.now() - timedelta(days=SECURITY_LOG_DAYS)
        after = None
        while True:
            page = self._records.page(keys.SECURITY_PARTITION, after=after, limit=_SWEPT_AT_ONCE)
            outlived: list[Key] = []
            for pointer in page.records:
                key = keys.owned(str(pointer.data["user_id"]), _KIND, pointer.key.sort)
                found = self._records.get(key)
                if found is None or Entry.model_validate(found.data).at < oldest:
                    outlived += [pointer.key, key]
            if outlived:
                self._records.write(*(Delete(key, None) for key in outlived))
            if not page.has_more:
                return
            after = page.records[-1].key.sort

    def _is_worth_an_entry(self, user_id: str) -> bool:
        now = self._clock.monotonic()
        with self._lock:
            since, count = self._failures.pop(user_id, (now, 0))
            if now - since > _WINDOW_S:
                since, count = now, 0
            self._failures[user_id] = since, count + 1
            if len(self._failures) > _MAX_COUNTED:
                self._failures.popitem(last=False)
        return count < _MAX_FAILURES


def _shown(entry_id: str, entry: Entry) -> SecurityEvent:
    return SecurityEvent(id=entry_id, **entry.model_dump())
