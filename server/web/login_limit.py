"""Holds off guessing: after ten failures in a quarter of an hour, an account cannot be tried from that address for the rest of it.

In memory: for one server process that is enough, and a restart forgets it. By account and address together: nobody can lock out others.
"""

import math
import threading
from collections import OrderedDict, deque
from typing import Final

from server.errors import RateLimited
from server.ports.clock import Clock

_MAX_FAILURES: Final = 10
_WINDOW_S: Final = 15 * 60.0
_MAX_REMEMBERED: Final = 10_000

Who = tuple[str, str]


class LoginLimit:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[Who, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, who: Who) -> None:
        """Raises `RateLimited` with the time after which the next try is taken."""
        with self._lock:
            times = self._failures.get(who, deque())
            wait = times[0] + _WINDOW_S - self._clock.monotonic() if len(times) == _MAX_FAILURES else 0.0
        if wait > 0:
            minutes = math.ceil(wait / 60)
            raise RateLimited(
                f"Too many failed tries for this account. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
                code="accounts.too_many_tries",
                retry_after_s=math.ceil(wait),
            )

    def failed(self, who: Who) -> None:
        with self._lock:
            self._failures.setdefault(who, deque(maxlen=_MAX_FAILURES)).append(self._clock.monotonic())
            self._failures.move_to_end(who)
            if len(self._failures) > _MAX_REMEMBERED:
                self._failures.popitem(last=False)
