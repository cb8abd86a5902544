"""Sessions: a signed-in browser, kept alive by refresh tokens that are used once (RFC 9700, 4.14.2).

A refresh token is `<user>.<session>.<secret>`; only the SHA-256 of the secret's 32 random bytes is stored. Each use replaces it. Tabs share
one cookie and may use the same token at the same moment, so the token before is good for a few seconds more; after that, whoever shows an
old token is not the browser that we gave the new one to, and the session ends for both.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts.one_time import digest_of, new_secret
from server.domain.accounts.visits import SOMEWHERE, Visit
from server.errors import Conflict, NotFound, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.wire import SignIn

_GRACE: Final = timedelta(seconds=30)
_MAX_TOKEN_CHARACTERS: Final = 300
_MAX_PER_USER: Final = 50
_MAX_TABS: Final = 200
# A refused write means that another tab's went through: of so many tabs at once, the unluckiest needs as many tries.
_TRIES: Final = _MAX_TABS


class Session(BaseModel):
    """What is stored, all tokens as hashes. Each of `current` came of one of `previous`, the first of them at `rotated_at`.

    `epoch` is the account's at the sign-in: when the account's rises, the session is over.
    """

    id: str
    current: list[str]
    previous: list[str] = []
    rotated_at: datetime
    created_at: datetime
    expires_at: datetime
    epoch: int = 0
    address: str = ""
    device: str = "unknown"


@dataclass(frozen=True)
class Opened:
    """`token` is the new refresh token; the browser's one cookie keeps whichever comes last, and any of them is good."""

    user_id: str
    session_id: str
    token: str
    epoch: int


class Sessions:
    def __init__(self, records: Records, clock: Clock, *, ttl_s: int) -> None:
        self._records = records
        self._clock = clock
        self._ttl = timedelta(seconds=ttl_s)

    def open(self, user_id: str, *also: Put | Delete, epoch: int = 0, visit: Visit = SOMEWHERE) -> Opened:
        """A new session, in one write with `also`. Sessions that ran out, and the oldest beyond 50, are removed by the way."""
        now = self._clock.now()
        session_id = self._clock.new_id("ses")
        token, digest = _new_token(user_id, session_id)
        session = Session(
            id=session_id,
            current=[digest],
            rotated_at=now,
            created_at=now,
            expires_at=now + self._ttl,
            epoch=epoch,
            address=visit.address,
            device=visit.device,
        )
        self._records.write(
            Put(keys.session(user_id, session_id), session.model_dump(mode="json"), ABSENT, session.expires_at),
            *(Delete(record.key, None) for record in self._outlived(user_id, now)),
            *also,
        )
        return Opened(user_id, session_id, token, epoch)

    def refresh(self, token: str, visit: Visit = SOMEWHERE, *, reused: Callable[[str], None] = lambda _: None) -> Opened:
        """Uses a refresh token. Raises `NotSignedIn` when it does not hold.

        One that was used before ends the session and is told to `reused` with the user's id: two have it, and one of them is a thief.
        """
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
                reused(user_id)
                raise _signed_out()
            new_token, new_digest = _new_token(user_id, session_id)
            successor.current.append(new_digest)
            successor.expires_at = now + self._ttl
            if visit.address:
                successor.address, successor.device = visit.address, visit.device
            try:
                self._records.write(Put(key, successor.model_dump(mode="json"), found.version, successor.expires_at))
            except StaleWrite:
                continue
            return Opened(user_id, session_id, new_token, session.epoch)
        raise Conflict("Too many tabs are signing in at the same moment. Try again.", code="accounts.session_contended")

    def close(self, token: str) -> tuple[str, str] | None:
        """Signs out; the user and the session that ended. A token that does not hold has nothing to end, and that is fine."""
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
        return user_id, session_id

    def get(self, user_id: str, session_id: str) -> Session | None:
        """One read: what makes signing out immediate for access tokens that have not run out yet."""
        found = self._live(user_id, session_id)
        return None if found is None else Session.model_validate(found.data)

    def shown(self, user_id: str, *, epoch: int, current: str | None) -> list[SignIn]:
        """Those that are open, newest first."""
        now = self._clock.now()
        sessions = [Session.model_validate(record.data) for record in reversed(self._all(user_id))]
        return [
            SignIn(
                id=session.id,
                device=session.device,
                address=session.address,
                created_at=session.created_at,
                last_used_at=session.rotated_at,
                expires_at=session.expires_at,
                current=session.id == current,
            )
            for session in sessions
            if session.expires_at > now and session.epoch == epoch
        ]

    def ending(self, user_id: str, session_id: str) -> Delete:
        """The change that ends one. Raises `NotFound`."""
        found = self._records.get(keys.session(user_id, session_id)) if _is_plain(session_id) else None
        if found is None:
            raise NotFound("There is no such sign-in. It may have ended already.", code="session.not_found")
        return Delete(found.key, None)

    def ending_all(self, user_id: str) -> list[Delete]:
        """The changes that end all; at most 90, which is more than anybody may have."""
        return [Delete(record.key, None) for record in self._all(user_id)]

    def lifting(self, user_id: str, session_id: str, *, epoch: int) -> Put | None:
        """The change that takes one session along into a new epoch of the account; None when it is over. Expects the version read."""
        found = self._live(user_id, session_id)
        if found is None:
            return None
        session = Session.model_validate(found.data).model_copy(update={"epoch": epoch})
        return Put(found.key, session.model_dump(mode="json"), found.version, session.expires_at)

    def sweep(self, user_id: str, *, epoch: int) -> None:
        """Removes those that ran out or were left behind by the account's epoch."""
        now = self._clock.now()
        over = [
            record.key for record in self._all(user_id) if self._is_over(record, now) or Session.model_validate(record.data).epoch != epoch
        ]
        if over:
            self._records.write(*(Delete(key, None) for key in over))

    def _live(self, user_id: str, session_id: str) -> Record | None:
        found = self._records.get(keys.session(user_id, session_id))
        return None if found is None or self._is_over(found, self._clock.now()) else found

    def _outlived(self, user_id: str, now: datetime) -> list[Record]:
        kept = self._all(user_id)
        num_too_many = max(0, len(kept) + 1 - _MAX_PER_USER)
        return [record for index, record in enumerate(kept) if index < num_too_many or self._is_over(record, now)]

    def _all(self, user_id: str) -> list[Record]:
        """Oldest first; 90 and a few more fit into a write."""
        return self._records.page(keys.collection_partition(user_id), prefix=keys.collection_prefix("session"), limit=90).records

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
    secret = new_secret()
    return f"{user_id}.{session_id}.{secret}", digest_of(secret)


def _parts(token: str) -> tuple[str, str, str]:
    """User, session, and the digest of the secret. Raises `NotSignedIn` for anything that we never gave out."""
    parts = token.split(".")
    if len(token) > _MAX_TOKEN_CHARACTERS or len(parts) != 3 or not all(map(_is_plain, parts)):
        raise _signed_out()
    return parts[0], parts[1], digest_of(parts[2])


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= _MAX_TOKEN_CHARACTERS and text.isascii() and text.isprintable()


def _signed_out() -> NotSignedIn:
    return NotSignedIn("You have been signed out. Sign in again.", code="accounts.signed_out")
