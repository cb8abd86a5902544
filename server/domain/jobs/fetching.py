"""Brings to this machine what the blob store has of a job that ran on another: its last checkpoint and its log. See `copies.py`."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from server.domain import keys
from server.domain.jobs.copied import CheckpointCopy, Damaged, RunCopy, fence_of, found_copy, same_pieces, write_owner
from server.domain.jobs.log_file import size_of
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.specs import Folders
from server.errors import LlmTunerError, NotFound
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Records
from shared.checkpoints import folder_name
from shared.constants import LIVE_STATES, JobState
from shared.job_spec import CHECKPOINTS_FOLDER, EVENTS_FILE, FENCE_FILE

FOLLOW_S: Final = 10.0
"""So often a log that grows on another machine is looked for. It comes with each checkpoint, and each minute."""
_log = structlog.get_logger()


class RunFetches:
    """`end_all` ends whatever still works in a folder that is about to be replaced."""

    def __init__(
        self, records: Records, blobs: Blobs, clock: Clock, readers: RunReaders, folders: Folders, *, end_all: Callable[[Path], None]
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._readers = readers
        self._folders = folders
        self._end_all = end_all
        self._fetching = threading.Lock()
        self._home: set[str] = set()
        self._fetched: set[str] = set()
        self._whole_logs: set[str] = set()
        self._logs_seen_at: dict[str, float] = {}
        self._steps: dict[str, int | None] = {}

    def look_anew(self, job_id: str) -> None:
        """Another server may have worked on the job since."""
        for known in (self._home, self._fetched, self._whole_logs):
            known.discard(job_id)
        self._steps.pop(job_id, None)
        self._logs_seen_at.pop(job_id, None)

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

    def follow_log(self, job_id: str, *, num_runs: int, state: JobState) -> bool:
        """Brings the log of a job that runs or ran on another machine as far as the store has it, for who looks at it. Asks nobody when the
        last run is of this machine, and else seldom. The log stays as it is where the store does not answer.

        True while more of the log may come."""
        folder, now = self._folders.of(job_id), self._clock.monotonic()
        if fence_of(folder) >= num_runs:
            return state in LIVE_STATES
        if state in LIVE_STATES:
            self._whole_logs.discard(job_id)
        if job_id not in self._whole_logs and now - self._logs_seen_at.get(job_id, -FOLLOW_S) >= FOLLOW_S:
            self._logs_seen_at[job_id] = now
            self._follow(job_id, folder, over=state not in LIVE_STATES)
        return job_id not in self._whole_logs

    def _follow(self, job_id: str, folder: Path, *, over: bool) -> None:
        try:
            # Asked first: a run that is over is copied once more, and then its pointer goes.
            copied = over and self._records.get(keys.tidying(job_id)) is None
            stored = found_copy(self._records, job_id)
            if stored is not None and fence_of(folder) < stored.value.fence:
                with self._fetching:
                    self._take_log(stored.value, folder)
            if copied:
                self._whole_logs.add(job_id)
        except (LlmTunerError, OSError) as error:
            _log.warning("log_not_followed", job=job_id, reason=str(error))

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
        write_owner(staging, copy.owner)
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

    def _take_log(self, copy: RunCopy, folder: Path) -> None:
        """Puts the store's log in place of what lies here. Its readers go on where they were, unless it went another way before."""
        pieces, file = copy.logs.get(EVENTS_FILE, []), folder / EVENTS_FILE
        if not pieces or fence_of(folder) >= copy.fence or same_pieces(pieces, file) == pieces:
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_owner(folder, copy.owner)
        partial = folder / f".{EVENTS_FILE}.partial"
        self._join(copy, EVENTS_FILE, partial, here=file)
        goes_on = _start_of(partial, size_of(file)) == _start_of(file, size_of(file))
        partial.replace(file)
        if not goes_on:
            self._readers.forget(file)

    def _join(self, copy: RunCopy, name: str, target: Path, *, here: Path | None = None) -> None:
        """A log of its pieces, each from the store unless `here` has it. One that is not whole is told of, and left out with all that come
        after it."""
        pieces = copy.logs.get(name, [])
        known = same_pieces(pieces, here) if here is not None else []

        def chunks() -> Iterator[bytes]:
            if here is not None and known:
                yield _start_of(here, known[-1].end)
            for piece in pieces[len(known) :]:
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


def _start_of(file: Path, size: int) -> bytes:
    if not size:
        return b""
    with file.open("rb") as stream:
        return stream.read(size)


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
