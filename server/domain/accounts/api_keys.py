"""Personal API keys: named, scoped, expiring, shown once. A key is `ltk_` and 43 random characters; only its SHA-256 is stored."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts.one_time import digest_of, new_secret
from server.domain.accounts.security_log import Later, SecurityLog
from server.domain.accounts.visits import Visit
from server.domain.collection import Collection
from server.errors import Conflict, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.constants import API_KEY_PREFIX, Scope
from shared.wire import ApiKey, ApiKeyRequest, ListOf, NewApiKey

_MAX_PER_USER: Final = 40  # All of them go in one write of at most 100 changes.
_MAX_CHARACTERS: Final = 100
_SEEN_EVERY_S: Final = 60.0
_MAX_REMEMBERED: Final = 10_000
_KIND: Final = "apikey"


class StoredKey(BaseModel):
    id: str
    name: str
    scopes: list[Scope]
    sha256: str
    hint: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None

    def shown(self) -> ApiKey:
        return ApiKey(**self.model_dump(exclude={"sha256"}))


class ApiKeys:
    def __init__(self, records: Records, clock: Clock, log: SecurityLog, later: Later) -> None:
        self._records = records
        self._clock = clock
        self._log = log
        self._later = later
        self._keys = Collection(records, StoredKey, kind="apikey", noun="API key")
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, user_id: str, request: ApiKeyRequest, visit: Visit) -> NewApiKey:
        """The key, which cannot be had again. Raises `Conflict` for more than 40 of them."""
        if len(self._keys.page(user_id, limit=_MAX_PER_USER).items) >= _MAX_PER_USER:
            raise Conflict(f"You have {_MAX_PER_USER} API keys. Revoke one that is not needed any more.", code="accounts.too_many_keys")
        text = API_KEY_PREFIX + new_secret()
        now = self._clock.now()
        key = StoredKey(
            id=self._clock.new_id("key"),
            name=request.name,
            scopes=["read", "write"] if "write" in request.scopes else ["read"],
            sha256=digest_of(text),
            hint=text[-4:],
            created_at=now,
            expires_at=now + timedelta(days=request.expires_in_days),
        )
        self._records.write(
            self._keys.adding(user_id, key.id, key),
            Put(keys.api_key_owner(key.sha256), {"user_id": user_id, "key_id": key.id}, ABSENT),
            *self._log.changes(user_id, "key_created", visit, key.name),
        )
        return NewApiKey(key=text, **key.shown().model_dump())

    def page(self, user_id: str) -> ListOf[ApiKey]:
        """All of them, newest first, those that ran out included."""
        return ListOf(data=[key.shown() for key in self._keys.page(user_id, limit=_MAX_PER_USER).items])

    def revoke(self, user_id: str, key_id: str, visit: Visit) -> None:
        """Raises `NotFound`."""
        stored = self._keys.get(user_id, key_id)
        # Whatever the version: a use that is being noted must not save the key.
        self._records.write(
            *_removing(user_id, [stored.value]),
            *self._log.changes(user_id, "key_revoked", visit, stored.value.name),
        )

    def removing_all(self, user_id: str) -> list[Delete]:
        """The changes that take every key away."""
        return _removing(user_id, self._keys.page(user_id, limit=_MAX_PER_USER).items)

    def caller(self, text: str) -> tuple[str, StoredKey]:
        """Whose key this is. Raises `NotSignedIn` for one that is not there, was revoked or has run out."""
        pointer = self._records.get(keys.api_key_owner(digest_of(text))) if len(text) <= _MAX_CHARACTERS else None
        found = None if pointer is None else self._records.get(keys.owned(pointer.data["user_id"], _KIND, pointer.data["key_id"]))
        if pointer is None or found is None:
            raise NotSignedIn("This API key is not known. It may have been revoked; make a new one.", code="accounts.bad_key")
        key = StoredKey.model_validate(found.data)
        if key.expires_at <= self._clock.now():
            raise NotSignedIn(f"The API key {key.name!r} has run out. Make a new one.", code="accounts.key_expired")
        return str(pointer.data["user_id"]), key

    def holds(self, user_id: str, key_id: str) -> bool:
        """Whether a key is still there and has not run out."""
        found = self._records.get(keys.owned(user_id, _KIND, key_id))
        return found is not None and StoredKey.model_validate(found.data).expires_at > self._clock.now()

    def used(self, user_id: str, key: StoredKey, visit: Visit) -> None:
        """Notes the use, at most once a minute; the first of each day goes into the security log."""
        now = self._clock.monotonic()
        with self._lock:
            if now - self._seen.get(key.id, -_SEEN_EVERY_S) < _SEEN_EVERY_S:
                return
            self._seen[key.id] = now
            self._seen.move_to_end(key.id)
            if len(self._seen) > _MAX_REMEMBERED:
                self._seen.popitem(last=False)
        at = self._clock.now()
        if key.last_used_at is None or key.last_used_at.date() != at.date():
            self._log.noticed(user_id, "key_used", visit, key.name)
        self._later(lambda: self._note(user_id, key.id, at))

    def _note(self, user_id: str, key_id: str, at: datetime) -> None:
        found = self._records.get(keys.owned(user_id, _KIND, key_id))
        if found is None:
            return
        key = StoredKey.model_validate(found.data).model_copy(update={"last_used_at": at})
        try:
            self._records.write(Put(found.key, key.model_dump(mode="json"), found.version))
        except StaleWrite:
            return  # Revoked, or noted by another server at this moment.


def _removing(user_id: str, stored: Iterable[StoredKey]) -> list[Delete]:
    return [
        change
        for key in stored
        for change in (Delete(keys.owned(user_id, _KIND, key.id), None), Delete(keys.api_key_owner(key.sha256), None))
    ]
