"""What the blob store has of a job's runs, as one document, and the arithmetic of its pieces. Who moves the bytes is `copies.py`.

Bytes are named by their SHA-256 below the job's name. A log that grows is kept in pieces that are merged as they get many, so that each of
its bytes goes up a few times at most, however often it is copied.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import Stored
from server.domain.jobs.checkpoints import FoundCheckpoint
from server.domain.jobs.specs import write_whole
from server.ports.records import Records
from shared.checkpoints import CheckedFile
from shared.job_spec import FENCE_FILE
from shared.wire import Checkpoint

_CHUNK_BYTES: Final = 1 << 20
_OWNER_FILE: Final = "owner"


class Damaged(ValueError):
    """Bytes that are not what their sum says."""


class CheckpointCopy(BaseModel):
    """`files` has the manifest, too."""

    step: int
    size_bytes: int
    validation_loss: float | None
    created_at: datetime
    files: dict[str, CheckedFile]

    def shown(self, job_id: str) -> Checkpoint:
        return Checkpoint(id=str(self.step), job_id=job_id, **self.model_dump(exclude={"files"}))


class Piece(BaseModel):
    """Bytes [start, end) of a file that only grows."""

    start: int
    end: int
    sha256: str


class RunCopy(BaseModel):
    """`fence` is the highest attempt whose work is in it. `in_transit` names bytes that may be in the store although nothing else here
    names them: on their way in or out when this was written."""

    owner: str
    job_id: str
    fence: int = 0
    checkpoints: list[CheckpointCopy] = []
    """Newest first."""
    logs: dict[str, list[Piece]] = {}
    in_transit: list[str] = []

    def names(self) -> set[str]:
        """Of all bytes that it speaks for."""
        files = {file.sha256 for checkpoint in self.checkpoints for file in checkpoint.files.values()}
        return files | {piece.sha256 for pieces in self.logs.values() for piece in pieces}


def found_copy(records: Records, job_id: str) -> Stored[RunCopy] | None:
    found = records.get(keys.run_copy(job_id))
    return None if found is None else Stored(RunCopy.model_validate(found.data), found.version)


def fence_of(folder: Path) -> int:
    """The highest attempt that ever worked in a run's folder; 0 for none, and where there is no folder."""
    try:
        return int((folder / FENCE_FILE).read_text())
    except (OSError, ValueError):
        return 0


def owner_of(folder: Path) -> str | None:
    """Whose job a run's folder belongs to, where that was written down."""
    try:
        return (folder / _OWNER_FILE).read_text()
    except OSError:
        return None


def write_owner(folder: Path, owner: str) -> None:
    """A record is found by its owner and name. Of a job that was deleted on another machine, nothing else here tells the owner."""
    if owner_of(folder) != owner:
        write_whole(folder / _OWNER_FILE, owner)


def copy_of(found: FoundCheckpoint, manifest_name: str, manifest: CheckedFile) -> CheckpointCopy:
    return CheckpointCopy(
        step=found.step,
        size_bytes=found.size_bytes,
        validation_loss=found.validation_loss,
        created_at=found.created_at,
        files={**found.files, manifest_name: manifest},
    )


def gap(pieces: list[Piece], size: int) -> tuple[list[Piece], int]:
    """The pieces that stay when a file has grown to `size`, and where the new piece begins: as far back as that makes it at least as
    long as the one before it, so that there are never more pieces than the length has binary digits."""
    kept = list(pieces)
    start = kept[-1].end if kept else 0
    while start < size and kept and kept[-1].end - kept[-1].start <= size - start:
        start = kept.pop().start
    return kept, start


def same_pieces(pieces: list[Piece], file: Path) -> list[Piece]:
    """The first of the pieces, as long as they are what the file has."""
    same: list[Piece] = []
    try:
        with file.open("rb") as stream:
            for piece in pieces:
                if sum_of(stream, piece.start, piece.end) != piece.sha256:
                    break
                same.append(piece)
    except OSError:
        return []
    return same


class Slice:
    """Bytes [start, end) of an open file, for whoever reads a whole one."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        file.seek(start)
        self._file, self._left = file, end - start

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


def sum_of(file: BinaryIO, start: int, end: int) -> str:
    """SHA-256 of bytes [start, end)."""
    digest, part = hashlib.sha256(), Slice(file, start, end)
    while chunk := part.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
