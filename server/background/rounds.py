"""A thread that does the same thing again and again: the shape of everything that watches, sends or tidies beside the requests."""

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger()


class Rounds:
    """Calls `one_round`, which says how many seconds to rest after it, until it is stopped. A round that fails must not end the thread:
    it is logged, and `rest_after_failure_s` later comes the next."""

    def __init__(self, name: str, one_round: Callable[[], float], *, rest_after_failure_s: float) -> None:
        self._name = name
        self._one_round = one_round
        self._rest_after_failure_s = rest_after_failure_s
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def ending(self) -> bool:
        return self._ending.is_set()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._go_round, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """The next round comes now; when one is going on, right after it."""
        self._wake.set()

    def stop(self, *, within_s: float | None = None) -> None:
        """Returns when the round that goes on is over, or after `within_s`: only for one that may be given up anywhere."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(within_s)

    def _go_round(self) -> None:
        while not self._ending.is_set():
            try:
                rest_s = self._one_round()
            except Exception:
                _log.exception("round_failed", of=self._name)
                rest_s = self._rest_after_failure_s
            self._wake.wait(rest_s)
            self._wake.clear()
