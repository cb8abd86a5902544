"""Holds off guessing, by numbers that no header changes, and without a way to lock somebody out of their own account.

* From one network, an account may be tried ten times in a quarter of an hour; after that it rests, but only for that network.
* One network may fail a hundred times on whatever accounts.
* While an account is tried from all over (a hundred failures), a network that is new to it has two tries instead of ten.
* A browser from which somebody has signed in to the account before is counted by itself: whoever guesses from the same network, or from
  everywhere, cannot take its owner's tries away. So a right password works from any place that has not itself been guessing.

In memory and bounded: for one server process that is enough, and a restart forgets it.
"""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from server.errors import Forbidden, NotSignedIn, RateLimited
from server.ports.clock import Clock

_WINDOW_S: Final = 15 * 60.0
_MAX_TRIES: Final = 10
_MAX_TRIES_UNDER_ATTACK: Final = 2
_MAX_OF_NETWORK: Final = 100
_MAX_OF_ACCOUNT: Final = 100
# Of each kind of place by itself: trying many accounts must not push a network's own count out. Some 35 MB when everything is full.
_MAX_REMEMBERED: Final = 5_000

Place = tuple[str, ...]
_KINDS: Final = ("device", "pair", "network", "account")


@dataclass(frozen=True)
class Try:
    """Who is tried from where. `device` is given when the browser has proven that this account was signed in from it before."""

    account: str
    network: str
    device: str | None = None


class LoginLimit:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: dict[str, OrderedDict[Place, deque[float]]] = {kind: OrderedDict() for kind in _KINDS}
        self._lock = threading.Lock()

    @contextmanager
    def trying(self, one: Try, *, wrong: tuple[type[Exception], ...] = (NotSignedIn, Forbidden)) -> Iterator[None]:
        """Around a try: one that ends in an error of `wrong` counts, every other is taken back. Raises `RateLimited`."""
        self.begin(one)
        try:
            yield
        except wrong:
            raise
        except BaseException:
            self.take_back(one)
            raise
        else:
            self.take_back(one)

    def begin(self, one: Try) -> None:
        """Counts a try before its outcome is known, so that fifty at once are fifty. Raises `RateLimited` with the time to wait."""
        with self._lock:
            now = self._clock.monotonic()
            wait = max(self._wait(place, most, now) for place, most in self._limits(one, now))
            if wait <= 0:
                for place in _places(one):
                    self._count(place, now)
        if wait > 0:
            minutes = math.ceil(wait / 60)
            raise RateLimited(
                f"Too many failed tries. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
                code="accounts.too_many_tries",
                retry_after_s=math.ceil(wait),
            )

    def take_back(self, one: Try) -> None:
        """The try was none: it succeeded, or never came to be judged."""
        with self._lock:
            for place in _places(one):
                table = self._tries[place[0]]
                if times := table.get(place):
                    times.pop()
                    if not times:
                        del table[place]

    def _limits(self, one: Try, now: float) -> list[tuple[Place, int]]:
        if one.device is not None:
            return [(_pair(one), _MAX_TRIES)]
        attacked = len(self._recent(_account(one), now)) >= _MAX_OF_ACCOUNT
        return [(_pair(one), _MAX_TRIES_UNDER_ATTACK if attacked else _MAX_TRIES), (_network(one), _MAX_OF_NETWORK)]

    def _wait(self, place: Place, most: int, now: float) -> float:
        times = self._recent(place, now)
        return times[len(times) - most] + _WINDOW_S - now if len(times) >= most else 0.0

    def _recent(self, place: Place, now: float) -> deque[float]:
        times = self._tries[place[0]].get(place, deque())
        while times and times[0] + _WINDOW_S <= now:
            times.popleft()
        return times

    def _count(self, place: Place, now: float) -> None:
        table = self._tries[place[0]]
        table.setdefault(place, deque(maxlen=_MAX_OF_ACCOUNT)).append(now)
        table.move_to_end(place)
        if len(table) > _MAX_REMEMBERED:
            table.popitem(last=False)


def _places(one: Try) -> list[Place]:
    """What a try counts against. One from a known browser is nobody else's business."""
    return [_pair(one)] if one.device is not None else [_pair(one), _network(one), _account(one)]


def _pair(one: Try) -> Place:
    return ("device", one.account, one.device) if one.device is not None else ("pair", one.account, one.network)


def _network(one: Try) -> Place:
    return ("network", one.network)


def _account(one: Try) -> Place:
    return ("account", one.account)
