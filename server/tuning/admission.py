"""Who is computed now, and who waits: first come, first served, as far as slots and room for tokens go. Called by `llama_worker.py`."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

_LOOK_S: Final = 1.0
"""How often somebody who waits is looked after: they may have gone."""


class Gone(Exception):
    """Whoever asked does not wait any more."""


@dataclass
class _Waiting:
    cells: int
    turn: threading.Event = field(default_factory=threading.Event)


class Admission:
    """`cells`: tokens that all requests together may come to; one request never needs more than that."""

    def __init__(self, *, slots: int, cells: int) -> None:
        self._slots, self._cells = slots, cells
        self._queue: deque[_Waiting] = deque()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, cells: int, gone: Callable[[], bool]) -> Iterator[None]:
        """Waits for its turn. Raises `Gone` when `gone` says so meanwhile."""
        mine = _Waiting(min(cells, self._cells))
        with self._lock:
            self._queue.append(mine)
            self._admit()
        try:
            while not mine.turn.wait(_LOOK_S):
                if gone():
                    raise Gone
            yield
        finally:
            with self._lock:
                if mine in self._queue:
                    self._queue.remove(mine)
                if mine.turn.is_set():
                    self._slots, self._cells = self._slots + 1, self._cells + mine.cells
                self._admit()

    def _admit(self) -> None:
        while self._queue and self._slots and self._queue[0].cells <= self._cells:
            first = self._queue.popleft()
            self._slots, self._cells = self._slots - 1, self._cells - first.cells
            first.turn.set()
