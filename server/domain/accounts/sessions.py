"""Sessions: a signed-in browser, kept alive by refresh tokens that are used once (RFC 9700, 4.14.2).

A refresh token is `<user>.<session>.<secret>`; only the SHA-256 of the secret's 32 random bytes is stored. Each use replaces it. Tabs share
one cookie and may use the same token at the same moment, so the token before is good for a few seconds more; after that, whoever shows an
old token is not the browser that we gave the new one to, and the session ends for both.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.errors import Conflict, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Record, Records

_GRACE: Final = timedelta(seconds=30)
_MAX_TOKEN_CHARACTERS: Final = 300
_MAX_PER_USER: Final = 50
_MAX_TABS: Final = 200
# A refused write means that another tab's went through: of so many tabs at once, the unluckiest needs as many tries.
_TRIES: Final = _MAX_TABS


class Session(BaseModel):
    """What is stored, all tokens as hashes. Each of `current` came of one of `previous`, the first of them at `rotated_at`."""

    id: str
    current: list[str]
    previous: list[str] = []
    rotated_at: datetime
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Opened:
    """`token` is the new refresh token; the browser's one cookie keeps whichever comes last, and any of them is good."""

    user_id: str
    session_id: str
    token: str


class Sessions:
    def __init__(self, records: Records, clock: Clock, *, ttl_s: int) -> None:
        self._records = records
        self._clock = clock
        self._ttl = timedelta(seconds=ttl_s)

    def open(self, user_id: str) -> Opened:
        """A new session. Sessions that ran out, and the oldest beyond 50, are removed by the way."""
        now = self._clock.now()
        session_id = self._clock.new_id("ses")
        token, digest = _new_token(user_id, session_id)
        session = Session(id=session_id, current=[digest], rotated_at=now, created_at=now, expires_at=now + self._ttl)
        self._records.write(
            Put(keys.session(user_id, session_id), session.model_dump(mode="json"), ABSENT),
            *(Delete(record.key, None) for record in self._outlived(user_id, now)),
        )
        return Opened(user_id, session_id, token)

    def refresh(self, token: str) -> Opened:
        """Uses a refresh token. Raises `NotSignedIn` when it does not hold, and ends the session when it was used before."""
        user_id, session_id, digest = _parts(token)
        key = keys.session(user_id, session_id)
        for _ in range(_TRIES):
            found = self._live(user_id, session_id)
            if found is None:
                raise _signed_out()
            session = Session.model_validate(found.data)
            now = self._clock.now()
            successor = _successor(session, digest, now)
            if successor is None:
                self._records.write(Delete(key, None))
                raise _signed_out()
            new_token, new_digest = _new_token(user_id, session_id)
            successor.current.append(new_digest)
            successor.expires_at = now + self._ttl
            try:
                self._records.write(Put(key, successor.model_dump(mode="json"), found.version))
            except StaleWrite:
                continue
            return Opened(user_id, session_id, new_token)
        raise Conflict("Too many tabs are signing in at the same moment. Try again.", code="accounts.session_contended")

    def close(self, token: str) -> str | None:
        """Signs out; the id of the session that ended. A token that does not hold has nothing to end, and that is fine."""
        try:
            user_id, session_id, digest = _parts(token)
        except NotSignedIn:
            return None
        found = self._live(user_id, session_id)
        if found is None:
            return None
        session = Session.model_validate(found.data)
        if not _is_among(digest, [*session.current, *session.previous]):
            return None
        self._records.write(Delete(found.key, None))
        return session_id

    def is_open(self, user_id: str, session_id: str) -> bool:
        """One read: what makes signing out immediate for access tokens that have not run out yet."""
        return self._live(user_id, session_id) is not None

    def _live(self, user_id: str, session_id: str) -> Record | None:
        found = self._records.get(keys.session(user_id, session_id))
        return None if found is None or self._is_over(found, self._clock.now()) else found

    def _outlived(self, user_id: str, now: datetime) -> list[Record]:
        kept = self._records.page(
            keys.collection_partition(user_id), prefix=keys.collection_prefix("session"), limit=90
        ).records  # Oldest first; 90 and one fit into a write.
        num_too_many = max(0, len(kept) + 1 - _MAX_PER_USER)
        return [record for index, record in enumerate(kept) if index < num_too_many or self._is_over(record, now)]

    def _is_over(self, record: Record, now: datetime) -> bool:
        return Session.model_validate(record.data).expires_at <= now


def _successor(session: Session, digest: str, now: datetime) -> Session | None:
    """The session after this token's use, still without the new token; None when the token is neither good nor just replaced."""
    if _is_among(digest, session.current):
        return session.model_copy(update={"current": [], "previous": session.current, "rotated_at": now})
    if _is_among(digest, session.previous) and now - session.rotated_at <= _GRACE:
        return session.model_copy(update={"current": session.current[1 - _MAX_TABS :]})
    return None


def _is_among(digest: str, known: list[str]) -> bool:
    # Every one is compared: the time must not tell which it was.
    return sum(hmac.compare_digest(digest, one) for one in known) > 0


def _new_token(user_id: str, session_id: str) -> tuple[str, str]:
    secret = secrets.token_urlsafe(32)
    return f"{user_id}.{session_id}.{secret}", _digest(secret)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _parts(token: str) -> tuple[str, str, str]:
    """User, session, and the digest of the secret. Raises `NotSignedIn` for anything that we never gave out."""
    parts = token.split(".")
    if len(token) > _MAX_TOKEN_CHARACTERS or len(parts) != 3 or not all(part.isascii() and part.isprintable() and part for part in parts):
        raise _signed_out()
    return parts[0], parts[1], _digest(parts[2])


def _signed_out() -> NotSignedIn:
    return NotSignedIn("You have been signed out. Sign in again.", code="accounts.signed_out")
