"""Work that an answer must not wait for: one thread, in order, and a bound on what may wait."""

import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

_MAX_WAITING: Final = 1_000
_log = structlog.get_logger()


class Errands:
    """Call it with a piece of work. When too much waits, the work is dropped and the log says so: a flood must not grow without end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False
        self._lock = threading.Lock()

    def __call__(self, work: Callable[[], None]) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                self._thread.start()
        try:
            self._waiting.put_nowait(work)
        except queue.Full:
            _log.warning("errand_dropped", errands=self._name)

    def wait(self) -> None:
        """Returns when everything that waits now is done."""
        self._waiting.join()

    def stop(self) -> None:
        """Does what still waits, then ends."""
        with self._lock:
            started, self._started = self._started, True
        if started:
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except Exception:
                # The border of this thread: one errand that fails must not end the others.
                _log.exception("errand_failed", errands=self._name)
            finally:
                self._waiting.task_done()
        self._waiting.task_done()
