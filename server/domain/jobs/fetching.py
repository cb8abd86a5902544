"""Brings to this machine what the blob store has of a job that ran on another: its last checkpoint and its log. See `copies.py`."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from server.domain import keys
from server.domain.jobs.copied import CheckpointCopy, Damaged, RunCopy, fence_of, found_copy
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.specs import Folders
from server.errors import NotFound
from server.ports.blobs import Blobs
from server.ports.records import Records
from shared.checkpoints import folder_name
from shared.job_spec import CHECKPOINTS_FOLDER, EVENTS_FILE, FENCE_FILE

_log = structlog.get_logger()


class RunFetches:
    """`end_all` ends whatever still works in a folder that is about to be replaced."""

    def __init__(self, records: Records, blobs: Blobs, readers: RunReaders, folders: Folders, *, end_all: Callable[[Path], None]) -> None:
        self._records = records
        self._blobs = blobs
        self._readers = readers
        self._folders = folders
        self._end_all = end_all
        self._fetching = threading.Lock()
        self._home: set[str] = set()
        self._fetched: set[str] = set()
        self._without_log: set[str] = set()
        self._steps: dict[str, int | None] = {}

    def look_anew(self, job_id: str) -> None:
        """Another server may have worked on the job since."""
        for known in (self._home, self._fetched, self._without_log):
            known.discard(job_id)
        self._steps.pop(job_id, None)

    def is_home(self, job_id: str) -> bool:
        """Whether it is known that this disk has all that the store has of the job. Asks nobody."""
        return job_id in self._home

    def was_fetched(self, job_id: str) -> bool:
        """Whether the run that is in the folder was on another machine."""
        return job_id in self._fetched

    def go_on_here(self, job_id: str) -> None:
        """A run of this machine begins in the folder."""
        self._fetched.discard(job_id)

    def bring_home(self, job_id: str, *, at_most: int = 1) -> bool:
        """Puts the run's folder in place as the store has it, unless this disk has it at least as new. True: it is here now.

        A checkpoint that is not whole is left out, with a warning, and the one before it taken. Raises `Unavailable`.
        """
        stored = found_copy(self._records, job_id)
        folder = self._folders.of(job_id)
        with self._fetching:
            if stored is not None and fence_of(folder) < stored.value.fence:
                self._fetch(stored.value, folder, at_most=at_most)
                self._fetched.add(job_id)
            self._home.add(job_id)
        return True

    def fetch_log(self, job_id: str) -> None:
        """The log of a job that ran elsewhere, for who looks at it; nothing when it is here, or nowhere."""
        folder = self._folders.of(job_id)
        if job_id in self._without_log or (folder / EVENTS_FILE).exists():
            return
        stored = found_copy(self._records, job_id)
        if stored is None or not stored.value.logs.get(EVENTS_FILE):
            self._without_log.add(job_id)
            return
        with self._fetching:
            partial = folder / f".{EVENTS_FILE}.partial"
            folder.mkdir(parents=True, exist_ok=True)
            self._join(stored.value, EVENTS_FILE, partial)
            partial.replace(folder / EVENTS_FILE)

    def checkpoints(self, job_id: str) -> list[CheckpointCopy]:
        """Those of a job whose folder is on another machine, newest first; none where the folder is here."""
        stored = found_copy(self._records, job_id)
        return [] if stored is None or fence_of(self._folders.of(job_id)) >= stored.value.fence else stored.value.checkpoints

    def newest_step(self, job_id: str) -> int | None:
        """Where a job would go on that this disk has no checkpoint of. Asked once: it does not change while nobody runs the job."""
        if job_id not in self._steps:
            found = self.checkpoints(job_id)
            self._steps[job_id] = found[0].step if found else None
        return self._steps[job_id]

    def _fetch(self, copy: RunCopy, folder: Path, *, at_most: int) -> None:
        staging = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for name in copy.logs:
            self._join(copy, name, staging / name)
        fetched: list[int] = []
        for checkpoint in copy.checkpoints:
            if len(fetched) < at_most and self._fetch_checkpoint(copy, checkpoint, staging):
                fetched.append(checkpoint.step)
        # Last: a folder with it is a whole one.
        _write_durably(staging / FENCE_FILE, iter([f"{copy.fence}\n".encode()]))
        if folder.exists():
            self._end_all(folder)
            shutil.rmtree(folder)
        staging.rename(folder)
        self._readers.forget(folder / EVENTS_FILE)
        _log.info("run_fetched", job=copy.job_id, steps=fetched)

    def _fetch_checkpoint(self, copy: RunCopy, checkpoint: CheckpointCopy, run_folder: Path) -> bool:
        place = run_folder / CHECKPOINTS_FOLDER / folder_name(checkpoint.step)
        place.mkdir(parents=True)
        try:
            for name, file in checkpoint.files.items():
                if _write_durably(place / name, self._bytes(copy, file.sha256)) != file.sha256:
                    raise Damaged(f"{name} is not what was written")
        except (Damaged, NotFound) as error:
            _log.warning("checkpoint_copy_damaged", job=copy.job_id, step=checkpoint.step, reason=str(error))
            shutil.rmtree(place)
            return False
        return True

    def _join(self, copy: RunCopy, name: str, target: Path) -> None:
        """A log of its pieces. One that is not whole is told of, and left out with all that come after it."""

        def chunks() -> Iterator[bytes]:
            for piece in copy.logs.get(name, []):
                data = b"".join(self._bytes(copy, piece.sha256))
                if hashlib.sha256(data).hexdigest() != piece.sha256:
                    raise Damaged(f"{name} is not what was written")
                yield data

        try:
            _write_durably(target, chunks())
        except (Damaged, NotFound) as error:
            _log.warning("log_copy_damaged", job=copy.job_id, reason=str(error))

    def _bytes(self, copy: RunCopy, sha256: str) -> Iterator[bytes]:
        return self._blobs.open(keys.run_blob(copy.owner, copy.job_id, sha256))


def _write_durably(target: Path, chunks: Iterator[bytes]) -> str:
    """Writes them one after the other; the SHA-256 of all."""
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
