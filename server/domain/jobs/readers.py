"""The readers of files that somebody looked at lately, so that a poll never reads one from its beginning."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar


class Reader(Protocol):
    def refresh(self) -> Self:
        """Reads what was appended since the last time."""
        ...


R = TypeVar("R", bound=Reader)


class Readers(Generic[R]):
    """`new` makes a file's reader. Of `most` of them at a time the one that was asked for the longest ago is forgotten."""

    def __init__(self, new: Callable[[Path], R], *, most: int) -> None:
        self._new = new
        self._most = most
        self._readers: OrderedDict[Path, R] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, file: Path) -> R:
        with self._lock:
            reader = self._readers.pop(file, None) or self._new(file)
            self._readers[file] = reader
            while len(self._readers) > self._most:
                self._readers.popitem(last=False)
        return reader.refresh()

    def forget(self, file: Path) -> None:
        with self._lock:
            self._readers.pop(file, None)
