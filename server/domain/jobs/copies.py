"""Keeps what a run leaves on this machine's disk in the blob store as well, so that another machine can go on from it (`fetching.py`).

One record a job names everything (`copied.py`). Bytes go up before the record that names them, and are removed after it has let go of
them. Every write expects the version before: of two servers that both believe to hold a run, one is refused and looks again. The trainer
knows nothing of all this, and who watches the runs waits for nothing here.
"""

import hashlib
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.jobs.checkpoints import checkpoints_in
from server.domain.jobs.copied import (
    CheckpointCopy,
    Damaged,
    Piece,
    RunCopy,
    Slice,
    copy_of,
    fence_of,
    found_copy,
    gap,
    same_pieces,
    sum_of,
    write_owner,
)
from server.domain.jobs.log_file import start_of_last
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import StoredJob
from server.errors import NotFound
from server.ports.blobs import Blobs
from server.ports.records import ABSENT, Delete, Put, Records
from shared.checkpoints import MANIFEST_FILE, CheckedFile
from shared.job_spec import EVENTS_FILE, OUTPUT_FILE

NUM_KEPT: Final = 2
_LOGS: Final = (EVENTS_FILE, OUTPUT_FILE)


class RunCopies:
    """`on`: runs are copied. What was copied once is removed with its job in any case."""

    def __init__(self, records: Records, blobs: Blobs, folders: Folders, *, on: bool) -> None:
        self.on = on
        self._records = records
        self._blobs = blobs
        self._folders = folders
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self._lock = threading.Lock()
        self._held: dict[str, str] = {}
        self._let_go: dict[str, str] = {}
        self._known: dict[str, Stored[RunCopy]] = {}
        self._bad: set[tuple[str, int]] = set()

    def hold(self, owner: str, job_id: str) -> None:
        """This server watches a run of the job: what it saves is to be copied. Waits for nothing, as the next two do not."""
        if self.on:
            with self._lock:
                self._held[job_id] = owner

    def let_go(self, owner: str, job_id: str) -> None:
        """The run is over: one last look at what it left."""
        with self._lock:
            self._held.pop(job_id, None)
            if self.on:
                self._let_go[job_id] = owner

    def look_anew(self, job_id: str) -> None:
        """Another server may have worked on the job since."""
        self._known.pop(job_id, None)

    def held(self) -> dict[str, str]:
        """Owners by job."""
        with self._lock:
            return dict(self._held)

    def to_settle(self) -> dict[str, str]:
        with self._lock:
            return dict(self._let_go)

    def settled(self, job_id: str) -> None:
        with self._lock:
            self._let_go.pop(job_id, None)

    def copy(self, owner: str, job_id: str, *, with_log: bool = True) -> bool:
        """Brings the newest checkpoint to the store where the store has it not, and with it, or when asked, what the logs have grown by.

        True when there was something to bring. Raises `StaleWrite` when another server wrote in between, `Damaged` and `OSError` for what
        cannot be read here.
        """
        folder = self._folders.of(job_id)
        fence = fence_of(folder)
        if not fence:
            return False
        stored = self._known.get(job_id) or self._compared(owner, job_id, folder)
        write_owner(folder, owner)
        if stored.value.fence > fence:
            return False  # Another machine has gone on; what lies here is of the past.
        self._known[job_id] = stored
        with ExitStack() as opened:
            checkpoints, files = self._checkpoints(folder, stored.value, opened)
            if not files and not with_log:
                return False
            logs, pieces = _logs(folder, stored.value, opened)
            new = stored.value.model_copy(update={"fence": fence, "checkpoints": checkpoints, "logs": logs})
            if new == stored.value and not new.in_transit:
                return False
            self._known[job_id] = self._replaced(stored, new, {**files, **pieces})
        return True

    def settle(self, owner: str, job_id: str) -> None:
        """What becomes of the copy when the job rests: it is up to date, or gone with the job; a job with a model needs no checkpoints.
        Can be repeated."""
        try:
            job = self._jobs.get(owner, job_id).value
        except NotFound:
            self._remove(job_id)
            return
        if self.on:
            self.copy(owner, job_id)
        stored = found_copy(self._records, job_id)
        if stored is not None and job.state == "succeeded" and stored.value.checkpoints:
            self._replaced(stored, stored.value.model_copy(update={"checkpoints": []}), {})
        self._known.pop(job_id, None)
        self._bad = {(bad, step) for bad, step in self._bad if bad != job_id}

    def _replaced(self, stored: Stored[RunCopy], new: RunCopy, sources: dict[str, Any]) -> Stored[RunCopy]:
        """The copy as `new`, with the bytes of `sources` in the store and none that it no longer speaks for."""
        old = stored.value
        coming = {name: source for name, source in sources.items() if name not in old.names()}
        garbage = (old.names() | set(old.in_transit)) - new.names()
        if coming:
            stored = self._written(stored, old.model_copy(update={"in_transit": sorted({*old.in_transit, *coming})}))
        for name, source in coming.items():
            if self._blobs.put(keys.run_blob(old.owner, old.job_id, name), source).sha256 != name:
                self._bad.update((old.job_id, one.step) for one in new.checkpoints if any(f.sha256 == name for f in one.files.values()))
                raise Damaged("a file is not what was written")
        stored = self._written(stored, new.model_copy(update={"in_transit": sorted(garbage)}))
        for name in garbage:
            self._blobs.delete(keys.run_blob(old.owner, old.job_id, name))
        # That they are gone is written down with the next change; until then they are removed again, which does no harm.
        return Stored(stored.value.model_copy(update={"in_transit": []}), stored.version)

    def _written(self, stored: Stored[RunCopy], new: RunCopy) -> Stored[RunCopy]:
        self._known.pop(new.job_id, None)  # Until it is known what became of this write.
        self._records.write(Put(keys.run_copy(new.job_id), new.model_dump(mode="json"), stored.version))
        return Stored(new, stored.version + 1)

    def _remove(self, job_id: str) -> None:
        stored = found_copy(self._records, job_id)
        self.look_anew(job_id)
        if stored is None:
            return
        for name in stored.value.names() | set(stored.value.in_transit):
            self._blobs.delete(keys.run_blob(stored.value.owner, job_id, name))
        self._records.write(Delete(keys.run_copy(job_id), stored.version))

    def _checkpoints(self, folder: Path, old: RunCopy, opened: ExitStack) -> tuple[list[CheckpointCopy], dict[str, BinaryIO]]:
        """The newest one here before those of the store, and its files. They are opened at once: the trainer may remove them any moment."""
        found = next((one for one in checkpoints_in(folder) if (old.job_id, one.step) not in self._bad), None)
        if found is None or (old.checkpoints and old.checkpoints[0].step == found.step and old.fence == fence_of(folder)):
            return old.checkpoints, {}
        sources: dict[str, BinaryIO] = {}
        for name, file in found.files.items():
            sources[file.sha256] = opened.enter_context((found.folder / name).open("rb"))
        manifest = (found.folder / MANIFEST_FILE).read_bytes()
        named = CheckedFile(size_bytes=len(manifest), sha256=hashlib.sha256(manifest).hexdigest())
        sources[named.sha256] = opened.enter_context((found.folder / MANIFEST_FILE).open("rb"))
        # Later ones are of an attempt that this one did not go on from.
        earlier = [one for one in old.checkpoints if one.step < found.step]
        return [copy_of(found, MANIFEST_FILE, named), *earlier][:NUM_KEPT], sources

    def _compared(self, owner: str, job_id: str, folder: Path) -> Stored[RunCopy]:
        """The store's copy without those pieces of logs that are not what lies here: of an attempt that went another way."""
        stored = found_copy(self._records, job_id)
        if stored is None:
            self._jobs.get(owner, job_id)  # Nothing is begun for a job that was deleted meanwhile.
            return Stored(RunCopy(owner=owner, job_id=job_id), ABSENT)
        old = stored.value
        logs = {name: same_pieces(pieces, folder / name) for name, pieces in old.logs.items()}
        if logs == old.logs or old.fence > fence_of(folder):
            return stored
        dropped = old.model_copy(update={"logs": logs})
        gone = sorted({*old.in_transit, *(old.names() - dropped.names())})
        return Stored(dropped.model_copy(update={"in_transit": gone}), stored.version)


def _logs(folder: Path, old: RunCopy, opened: ExitStack) -> tuple[dict[str, list[Piece]], dict[str, Any]]:
    """The pieces of each log as they are to be, in whole lines, and the bytes of those that are new."""
    logs, sources = {}, {}
    for name in _LOGS:
        file = folder / name
        size = start_of_last(file, before=None, limit=0)
        kept, start = gap(old.logs.get(name, []), size)
        if start < size:
            stream = opened.enter_context(file.open("rb"))
            piece = Piece(start=start, end=size, sha256=sum_of(stream, start, size))
            sources[piece.sha256] = Slice(stream, start, size)
            kept = [*kept, piece]
        if kept:
            logs[name] = kept
    return logs, sources
