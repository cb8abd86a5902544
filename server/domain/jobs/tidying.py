"""Files that go when a job ends or is deleted. A pointer is written with the end itself, so that a server that dies in between leaves
the next one what to do."""

import shutil

from server.domain import keys
from server.domain.collection import Collection
from server.domain.jobs.copies import RunCopies
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.queue import pointers
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import ENDED, StoredJob
from server.errors import NotFound
from server.ports.records import ABSENT, Delete, Put, Records
from shared.job_spec import ADAPTER_FOLDER, CHECKPOINTS_FOLDER, LAST_FOLDER, MODEL_FOLDER


class Tidying:
    def __init__(self, records: Records, readers: RunReaders, folders: Folders, copies: RunCopies) -> None:
        self._records = records
        self._readers = readers
        self._folders = folders
        self._copies = copies
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")

    def sweep(self) -> None:
        """Does what a server was about to do when it died."""
        for record in pointers(self._records, keys.TIDYING_PARTITION):
            self.tidy(record.data["owner"], record.key.sort)

    def tidy(self, owner: str, job_id: str) -> None:
        """The store has what is to be kept. What did not succeed leaves its log and its checkpoints, a deleted job nothing."""
        folder = self._folders.of(job_id)
        try:
            job = self._jobs.get(owner, job_id).value
        except NotFound:
            self._readers.forget(self._folders.events_of(job_id))
            shutil.rmtree(folder, ignore_errors=True)
        else:
            names = [MODEL_FOLDER, ADAPTER_FOLDER, LAST_FOLDER, "data", *([CHECKPOINTS_FOLDER] if job.state == "succeeded" else [])]
            for name in names if job.state in ENDED and job.left_by is None else []:
                shutil.rmtree(folder / name, ignore_errors=True)
        if self._copies.on:
            self._copies.let_go(owner, job_id)  # Its store is far away: whoever copies does the rest.
        else:
            self.settle(owner, job_id)

    def settle(self, owner: str, job_id: str) -> None:
        """The second half: what the blob store has of the job. Then there is nothing left to do."""
        self._copies.settle(owner, job_id)
        self._records.write(Delete(keys.tidying(job_id), expect=None))
        self._copies.settled(job_id)


def resting(job: StoredJob, *, entry_id: str) -> list[Put | Delete]:
    """What belongs into every write after which a job neither waits nor runs: its pointer where it pauses; where it has ended, a note for
    whoever tells people and one for whoever removes files."""
    if job.state == "paused":
        return [Put(keys.paused(job.id), {"owner": job.owner}, ABSENT)]
    return [
        Put(keys.outbox(entry_id), {"owner": job.owner, "job_id": job.id, "state": job.state}, ABSENT),
        Put(keys.tidying(job.id), {"owner": job.owner}, None),
    ]
