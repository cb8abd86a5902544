"""Callers who were let in a moment ago, so that a page that polls does not cost a signature and a read of the records each time.

The law: of a token's signature and end nothing is taken on trust later than its end, of its account, session or key nothing for
longer than `FRESH_S`.
Signing out on this server closes the session here at once.
"""

import hashlib
import threading
from dataclasses import dataclass
from typing import Final

from server.domain.accounts.callers import Caller
from server.ports.clock import Clock

FRESH_S: Final = 1.0
IN_USE_S: Final = 5.0
"""Whoever called within this time is likely to call again, and is worth a look at the session in advance."""
_MAX_CALLERS: Final = 4096


@dataclass
class _Session:
    """Times are monotonic. `seen_open_at` is from before the look: what happened since is not known."""

    caller: Caller
    seen_open_at: float
    used_at: float


class RecentCallers:
    """Tokens are kept as hashes. Safe to call from any thread; no call waits for anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._callers: dict[bytes, Caller] = {}
        self._sessions: dict[str, _Session] = {}

    def find(self, token: str) -> Caller | None:
        """The caller of a token that was verified before, and whose session was seen open within the last `FRESH_S` seconds."""
        caller = self._callers.get(_digest(token))
        session = self._sessions.get(caller.via) if caller else None
        if caller is None or session is None:
            return None
        session.used_at = now = self._clock.monotonic()
        return caller if now - session.seen_open_at < FRESH_S and self._clock.now() < caller.expires_at else None

    def remember(self, token: str, caller: Caller, *, seen_open_at: float) -> None:
        with self._lock:
            if len(self._callers) >= _MAX_CALLERS:
                # Whoever polls is back within seconds; keeping an order of use would cost every poll.
                self._callers.clear()
                self._sessions.clear()
            self._callers[_digest(token)] = caller
            self._sessions[caller.via] = _Session(caller, seen_open_at, self._clock.monotonic())

    def in_use(self) -> list[Caller]:
        """One caller of each session that was used lately. The others are forgotten here."""
        now = self._clock.monotonic()
        with self._lock:
            self._sessions = {key: session for key, session in self._sessions.items() if now - session.used_at < IN_USE_S}
            self._callers = {digest: caller for digest, caller in self._callers.items() if caller.via in self._sessions}
            return [session.caller for session in self._sessions.values()]

    def seen_open(self, session_id: str, *, at: float) -> None:
        """A session that was forgotten since the look stays forgotten."""
        with self._lock:
            if session_id in self._sessions:
                self._sessions[session_id].seen_open_at = at

    def forget(self, session_id: str) -> None:
        with self._lock:
            self._sessions.pop(session_id, None)

    def forget_user(self, user_id: str) -> None:
        """Whoever calls as this user is looked up again."""
        with self._lock:
            self._sessions = {via: session for via, session in self._sessions.items() if session.caller.user_id != user_id}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
