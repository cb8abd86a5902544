"""Callers who were let in a moment ago, so that a page that polls does not cost a signature and a read of the records each time.

The law: a decision is at most `FRESH_S` old, and never older than the token. Signing out on this server forgets the session at once.
"""

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.ports.clock import Clock

FRESH_S: Final = 1.0
_MAX_CALLERS: Final = 4096


@dataclass(frozen=True)
class Caller:
    """A user in a session, by an access token that ends at `expires_at`."""

    user_id: str
    session_id: str
    expires_at: datetime


class RecentCallers:
    """Tokens are kept as hashes. Safe to call from any thread; no call waits for anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._callers: dict[bytes, tuple[Caller, float]] = {}

    def find(self, token: str) -> Caller | None:
        """The caller of a token that was verified within the last `FRESH_S` seconds."""
        found = self._callers.get(_digest(token))
        if found is None:
            return None
        caller, verified_at = found
        if self._clock.monotonic() - verified_at >= FRESH_S or caller.expires_at <= self._clock.now():
            return None
        return caller

    def remember(self, token: str, caller: Caller, *, verified_at: float) -> None:
        """`verified_at` is the monotonic time before the look at the session: what happened since is not known."""
        with self._lock:
            if len(self._callers) >= _MAX_CALLERS:
                self._callers.clear()  # Whoever polls is back within seconds; a list in order of use would cost every poll.
            self._callers[_digest(token)] = (caller, verified_at)

    def forget(self, session_id: str) -> None:
        with self._lock:
            self._callers = {digest: found for digest, found in self._callers.items() if found[0].session_id != session_id}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
