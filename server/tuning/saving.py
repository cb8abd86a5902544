"""One save beside the training, in a thread of its own: it takes no part in the training but for the weights that it reads.

Nothing is copied, so a save costs no memory: weights and moments lie still from one step of the optimizer to the next, while the gradient
is computed, and that is when they are written to the system's cache of the disk. The optimizer waits for whoever still reads; a save that
takes longer than a gradient is the only one that it waits for. Syncing, hashing and renaming then go on beside the training.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Told = Callable[[], None]

_NICENESS = 5
"""A thread of the training that waits for a core holds all the others up, so the save gives way, but for what the optimizer waits for."""


class Save(Generic[T]):
    """Begins `work` at once. It calls the function that it is given when it will not look at the training's own memory any more."""

    def __init__(self, step: int, work: Callable[[Told], T]) -> None:
        self.step = step
        self.stall_s = 0.0
        """How long the training stood still for it so far."""
        self.seconds = 0.0
        self.cpu_s = 0.0
        """What it took away from the training's processors."""
        self._work = work
        self._read = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def wait_until_read(self) -> None:
        self._wait(self._read.wait)

    def result(self) -> T:
        """Of the work, when it is over. Raises what it raised."""
        self._wait(self._thread.join)
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _wait(self, wait: Callable[[], object]) -> None:
        began = time.monotonic()
        wait()
        self.stall_s += time.monotonic() - began

    def _run(self) -> None:
        began = time.monotonic()
        try:
            self._result = self._work(self._has_read)
        except BaseException as error:  # Also `Superseded`: the training's own thread must hear of it.
            self._error = error
        finally:
            self._read.set()
            self.seconds, self.cpu_s = time.monotonic() - began, time.thread_time()

    def _has_read(self) -> None:
        self._read.set()
        _give_way()


def _give_way() -> None:
    """Linux gives each thread a niceness of its own; elsewhere it would be the whole program's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
