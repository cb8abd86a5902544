"""The right to work in a run's folder: one living trainer at a time, and none that a later one has replaced.

`lock` is held by the system for as long as this process lives; `fence` is the highest number that ever worked here. The lock alone would
do on one machine; the fence also stops a trainer whose lock was lost (a folder that was moved, a file system without locks).
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from server.tuning.files import write_whole
from shared.job_spec import FENCE_FILE

LOCK_FILE = "lock"
_PATIENCE_S = 2.0
_PAUSE_S = 0.05


class Superseded(BaseException):
    """Another trainer works here, or a later one has. Not an `Exception`: whoever meets it must leave at once and touch nothing."""


class Claim:
    """Taken when it is made, or `Superseded` is raised; held until `release` or the end of the process."""

    def __init__(self, folder: Path, fence: int) -> None:
        self._fence_file, self._fence = folder / FENCE_FILE, fence
        self._lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _hold(self._lock)
            if self._highest() > fence:
                raise Superseded
            write_whole(self._fence_file, f"{fence}\n")
        except BaseException:
            self.release()
            raise

    def check(self) -> None:
        """Before anything is written that another trainer might rely on. Raises `Superseded`."""
        if self._highest() != self._fence:
            raise Superseded

    def release(self) -> None:
        os.close(self._lock)

    def _highest(self) -> int:
        """0 where nobody has worked yet. The file is written whole or not at all; one that cannot be read was damaged: the lock decides."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._fence_file.read_text())
        return 0


def _hold(lock: int) -> None:
    """A trainer that was just killed may need a moment to be gone."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise Superseded from error
            time.sleep(_PAUSE_S)
