"""The machine's own clock, and ids in the manner of ULID: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32."""

import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


class SystemClock:
    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def new_id(self, prefix: str) -> str:
        with self._lock:
            # Within one millisecond, or when the clock was set back, the next id is a random distance above the last.
            fresh = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
            number = self._last = fresh if fresh > self._last else self._last + 1 + secrets.randbits(64)
        return f"{prefix}-" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
