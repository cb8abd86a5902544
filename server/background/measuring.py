"""Measurements of this machine, one after the other, in a thread that ends with the server whatever it is doing."""

import queue
import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger()


class Measuring:
    """Call it with a piece of work. Nothing waits for it, also not the end of the server."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, work: Callable[[], None]) -> None:
        self._waiting.put(work)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="measuring", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            work = self._waiting.get()
            try:
                work()
            except Exception:
                # The border of this thread: a measurement that fails leaves the forecast without one.
                _log.exception("measuring_failed")
