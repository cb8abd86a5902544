"""Tokens on the disk: examples one behind the other in files without a name, mapped into memory and read without a copy.

The files are the system's to free: they vanish with the process, however it ends, and memory stays flat whatever the size of the data.
"""

import mmap
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Corpus:
    """Examples one behind the other: `ids` and `trains` (is this token learned?) for each token.

    `starts` says where each example begins; it has one entry more than there are examples.
    """

    ids: np.ndarray
    trains: np.ndarray
    starts: np.ndarray

    @property
    def num_examples(self) -> int:
        return len(self.starts) - 1

    @property
    def num_tokens(self) -> int:
        return len(self.ids)


class Column:
    """Numbers of one type, appended to a nameless file and then read as an array over the file's own pages."""

    def __init__(self, dtype: Any, folder: Path | None) -> None:
        self._dtype = np.dtype(dtype)
        self._file = tempfile.TemporaryFile(buffering=1 << 20, dir=folder)  # noqa: SIM115  # Closed by `read`.

    def append(self, values: np.ndarray) -> None:
        self._file.write(np.ascontiguousarray(values, self._dtype).data)

    def read(self) -> np.ndarray:
        """All that was appended, read-only. Nothing can be appended afterwards."""
        with self._file as file:
            file.flush()
            if not os.fstat(file.fileno()).st_size:
                return np.empty(0, self._dtype)
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), self._dtype)

    def close(self) -> None:
        self._file.close()


class CorpusWriter:
    """Takes examples' tokens in order and becomes the corpus of them. Two bytes a token where the vocabulary allows, else four."""

    def __init__(self, vocabulary_size: int, folder: Path | None) -> None:
        self._ids = Column(np.uint16 if vocabulary_size <= 2**16 else np.uint32, folder)
        self._trains = Column(np.bool_, folder)
        self._starts = Column(np.int64, folder)
        self._starts.append(np.zeros(1))
        self._num_tokens = 0

    def __enter__(self) -> "CorpusWriter":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        for column in (self._ids, self._trains, self._starts):
            column.close()

    def append(self, ids: Sequence[int], trains: bytes | bytearray, lengths: Sequence[int]) -> None:
        """Some examples at once: their tokens and marks one behind the other, and how many tokens each has."""
        self._ids.append(np.array(ids, np.uint32))
        self._trains.append(np.frombuffer(trains, np.bool_))
        self._starts.append(self._num_tokens + np.cumsum(lengths))
        self._num_tokens += len(ids)

    def corpus(self) -> Corpus:
        return Corpus(self._ids.read(), self._trains.read(), self._starts.read())
