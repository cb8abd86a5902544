"""Says whether another server of this machine is certainly gone: each holds a lock on a file of its own, which the system frees with it.

A server that is frozen holds its lock and counts as there. One whose file is not on this machine is not judged here.
"""

import contextlib
import fcntl
from pathlib import Path
from typing import BinaryIO


class ServerLocks:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[Path, BinaryIO] | None = None

    def hold(self, server: str) -> None:
        """For the life of this process, or until `release`."""
        file = self._folder / f"{server}.lock"
        stream = file.open("ab")
        fcntl.flock(stream, fcntl.LOCK_EX)
        self._held = (file, stream)

    def release(self) -> None:
        if self._held is not None:
            file, stream = self._held
            self._held = None
            file.unlink(missing_ok=True)
            stream.close()

    def is_gone(self, server: str) -> bool:
        file = self._folder / f"{server}.lock"
        if self._held is not None and file == self._held[0]:
            return False
        try:
            with file.open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # Held, or no file of this machine.
            return False
        return True

    def nobody_lives(self) -> bool:
        """No other server of this machine works over this data folder."""
        return all(self.is_gone(file.stem) for file in self._folder.glob("srv-*.lock"))

    def sweep(self) -> None:
        """Removes the files of servers that are gone."""
        for file in self._folder.glob("srv-*.lock"):
            if self.is_gone(file.stem):
                with contextlib.suppress(OSError):
                    file.unlink()
