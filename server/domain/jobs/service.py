"""What a signed-in user does with jobs. Every change of state is one conditional write; the supervisor does the rest."""

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets, Material
from server.domain.documents.service import Documents
from server.domain.jobs.plan import Plan, make_plan
from server.domain.jobs.progress import RunReaders, log_lines
from server.domain.jobs.states import StoredJob
from server.domain.models.catalogue import BaseModels
from server.errors import Conflict, InvalidInput, StorageFull
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.constants import LIVE_STATES, MAX_NAME_CHARACTERS, JobState
from shared.job_spec import EVENTS_FILE
from shared.wire import (
    Dataset,
    DatasetRequest,
    Document,
    DocumentPatch,
    Forecast,
    Job,
    JobPatch,
    JobRequest,
    ListOf,
    LogPage,
    Look,
    LookRequest,
    Metrics,
    Progress,
    SplitByFraction,
)

_MAX_LOG_LINES: Final = 1_000
_CANCEL_WAIT_S: Final = 12.0
_POLL_S: Final = 0.1


class Jobs:
    """`wake` tells the supervisor that there is something to do; `free_bytes` is the room left on the data folder's disk."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        documents: Documents,
        datasets: Datasets,
        looks: Looks,
        base_models: BaseModels,
        readers: RunReaders,
        *,
        runs_folder: Path,
        free_bytes: Callable[[], int],
        min_free_bytes: int,
    ) -> None:
        self._records = records
        self._clock = clock
        self._documents = documents
        self._datasets = datasets
        self._looks = looks
        self._base_models = base_models
        self._readers = readers
        self._runs_folder = runs_folder
        self._free_bytes = free_bytes
        self._min_free_bytes = min_free_bytes
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self.wake: Callable[[], None] = lambda: None

    def forecast(self, owner: str, request: JobRequest) -> Forecast:
        """What this request would do. Raises what `create` would."""
        plan = make_plan(request, self._material(owner, request)[1], self._base_models)
        measured = self._records.get(keys.speed(plan.base.id, plan.method))
        low = high = None
        basis = "No run of this model has been measured on this machine yet: the time is shown from the first steps on."
        if measured is not None:
            seconds = plan.num_training_tokens / measured.data["tokens_per_s"] + measured.data["overhead_s"]
            low, high = 0.75 * seconds, 1.4 * seconds
            basis = f"From this machine's last run of this model: {measured.data['tokens_per_s']:.0f} tokens/s."
        return Forecast(
            method=plan.method,
            resolved=plan.resolved,
            num_examples=plan.num_examples,
            num_training_tokens=plan.num_training_tokens,
            num_steps=plan.num_steps,
            seconds_low=low,
            seconds_high=high,
            memory_bytes=plan.base.memory_bytes(plan.method),
            disk_bytes=plan.disk_bytes,
            basis=basis,
        )

    def create(self, owner: str, request: JobRequest, *, idempotency_key: str | None = None) -> Job:
        """A queued job. The same key with the same request gives the same job again; with another request it is refused."""
        fingerprint = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        pointer = None if idempotency_key is None else keys.idempotency(owner, hashlib.sha256(idempotency_key.encode()).hexdigest())

        def attempt() -> Job:
            if pointer is not None and (earlier := self._records.get(pointer)) is not None:
                if earlier.data["request"] != fingerprint:
                    raise Conflict(
                        "This Idempotency-Key was used for another request. Use a new key for a new job.", code="jobs.idempotency_mismatch"
                    )
                return self.get(owner, earlier.data["job_id"])
            asked, material = self._material(owner, request)
            plan = make_plan(request, material, self._base_models)
            self._need_room(plan)
            if not request.allow_short_run:
                self._looks.check(owner, plan.base, material, plan.settings, few_steps_are_wanted=_few_steps_are_wanted(request))
            # Read again after the look, which takes its time: what is written below must be what was looked at.
            stored = [self._documents.stored(owner, document.id) for document in material.all]
            if self._material(owner, request)[1].content_sha256 != material.content_sha256:
                raise Conflict("A document was changed while this job was made. Try again.", code="datasets.changed", param="document_ids")
            dataset = asked if isinstance(asked, Dataset) else self._datasets.create(owner, asked)
            job = self._new_job(owner, request, plan, material, dataset)
            changes: list[Put | Delete] = [
                self._jobs.adding(owner, job.id, job),
                Put(keys.queued(job.id), {"owner": owner}, ABSENT),
                # Touched, so that a document cannot be deleted between our look at it and this write.
                *(self._documents.touching(owner, document) for document in stored),
            ]
            if pointer is not None:
                changes.append(Put(pointer, {"job_id": job.id, "request": fingerprint}, ABSENT))
            self._records.write(*changes)
            return self._shown(job)

        job = retrying(attempt)
        self.wake()
        return job

    def get(self, owner: str, job_id: str) -> Job:
        return self._shown(self._jobs.get(owner, job_id).value)

    def page(self, owner: str, *, limit: int, after: str | None, state: JobState | None) -> ListOf[Job]:
        """Newest first. With `state`, pages are read on until enough of that state were found."""
        found: list[StoredJob] = []
        more = True
        while more and len(found) <= limit:
            page = self._jobs.page(owner, limit=max(limit, 100) if state else limit + 1, after=after)
            found += [job for job in page.items if state is None or job.state == state]
            more = page.has_more
            after = page.items[-1].id if page.items else None
        waiting = self._queue() if any(job.state == "queued" for job in found[:limit]) else []
        return ListOf(data=[self._shown(job, waiting) for job in found[:limit]], has_more=len(found) > limit)

    def patch(self, owner: str, job_id: str, patch: JobPatch) -> Job:
        return self._shown(self._change(owner, job_id, lambda job: job.model_copy(update=patch.model_dump(exclude_none=True))))

    def cancel(self, owner: str, job_id: str) -> Job:
        """A waiting job is cancelled at once. A running one is asked to stop; returns when it did, or a moment later."""

        def attempt() -> StoredJob:
            stored = self._jobs.get(owner, job_id)
            if stored.value.state == "running":
                changed = stored.value.model_copy(update={"cancel_requested": True})
                self._records.write(self._jobs.replacing(owner, job_id, changed, version=stored.version))
                return changed
            changed = stored.value.moved("cancelled", finished_at=self._clock.now())
            self._records.write(
                self._jobs.replacing(owner, job_id, changed, version=stored.version), Delete(keys.queued(job_id), expect=None)
            )
            return changed

        retrying(attempt)
        self.wake()
        deadline = self._clock.monotonic() + _CANCEL_WAIT_S
        while (job := self.get(owner, job_id)).state == "running" and self._clock.monotonic() < deadline:
            time.sleep(_POLL_S)
        return job

    def delete(self, owner: str, job_id: str) -> None:
        """Removes an ended job with its log. Its tuned model stays: it is an object of its own."""
        stored = self._jobs.get(owner, job_id)
        if stored.value.state in LIVE_STATES:
            raise Conflict(f"This job is {stored.value.state}. Cancel it first, then delete it.", code="jobs.still_live")
        self._records.write(self._jobs.removing(owner, job_id, version=stored.version))
        self._readers.forget(self._events_file(job_id))
        shutil.rmtree(self._runs_folder / job_id, ignore_errors=True)

    def logs(self, owner: str, job_id: str, *, after: int, limit: int) -> LogPage:
        job = self._jobs.get(owner, job_id).value
        lines, cursor = log_lines(self._events_file(job_id), after=after, limit=min(limit, _MAX_LOG_LINES))
        return LogPage(lines=lines, next=cursor, live=job.state in LIVE_STATES)

    def metrics(self, owner: str, job_id: str, *, after: int) -> Metrics:
        self._jobs.get(owner, job_id)
        points, generations, cursor = self._readers.of(self._events_file(job_id)).metrics(after=after)
        return Metrics(data=points, generations=generations, next=cursor)

    def delete_document(self, owner: str, document_id: str) -> None:
        """Deletes a document, unless a job that waits or runs still needs it."""

        def attempt() -> None:
            stored = self._documents.stored(owner, document_id)
            self._need_unused(owner, document_id)
            self._documents.delete(owner, stored)

        retrying(attempt)

    def patch_document(self, owner: str, document_id: str, patch: DocumentPatch) -> Document:
        """Renames a document, or has it read in another way, which a job that waits or runs forbids."""

        def attempt() -> Document:
            stored = self._documents.stored(owner, document_id)
            if patch.reading is not None:
                self._need_unused(owner, document_id)
                self._documents.read_again(owner, stored, patch.reading)
                stored = self._documents.stored(owner, document_id)
            return self._documents.describe(owner, stored, name=patch.name, description=patch.description)

        return retrying(attempt)

    def look(self, owner: str, request: LookRequest) -> Look:
        """What a base model would see of this data in the very job that these settings would start."""
        as_job = JobRequest.model_validate(request.model_dump())
        material = self._material(owner, as_job)[1]
        plan = make_plan(as_job, material, self._base_models)
        look = self._looks.look(owner, plan.base, material, plan.settings)
        wanted = "few_steps" if _few_steps_are_wanted(as_job) else None
        return look.model_copy(update={"blockers": [blocker for blocker in look.blockers if blocker.code != wanted]})

    def _need_unused(self, owner: str, document_id: str) -> None:
        for pointer in (*self._pointers(keys.QUEUE_PARTITION), *self._pointers(keys.RUNNING_PARTITION)):
            if pointer.data["owner"] != owner:
                continue
            job = self._jobs.get(owner, pointer.key.sort).value
            if document_id in {*job.document_ids, job.validation_document_id}:
                raise Conflict(
                    f"The job {job.name!r} is {job.state} and uses this document. Cancel the job or wait until it has ended.",
                    code="documents.in_use",
                )

    def _material(self, owner: str, request: JobRequest) -> tuple[Dataset | DatasetRequest, Material]:
        """The data that a request names, by a dataset or by documents, of which a dataset is then to be made."""
        if (request.dataset_id is None) == (request.document_ids is None):
            raise InvalidInput("Give either a dataset_id or document_ids.", code="jobs.dataset_or_documents", param="document_ids")
        if request.dataset_id is not None:
            dataset = self._datasets.get(owner, request.dataset_id)
            return dataset, self._datasets.material_of(owner, dataset)
        split = SplitByFraction(fraction=request.hyperparameters.validation_fraction, seed=request.hyperparameters.seed)
        asked = DatasetRequest(document_ids=request.document_ids or [], split=split)
        return asked, self._datasets.material(owner, asked)

    def _new_job(self, owner: str, request: JobRequest, plan: Plan, material: Material, dataset: Dataset) -> StoredJob:
        return StoredJob(
            id=self._clock.new_id("job"),
            owner=owner,
            name=request.name or f"{dataset.name} on {plan.base.name}"[:MAX_NAME_CHARACTERS],
            note=request.note,
            base_model=plan.base.id,
            dataset_id=dataset.id,
            document_ids=[document.id for document in material.documents],
            validation_document_id=material.validation.id if material.validation else None,
            content_sha256=material.content_sha256,
            allow_short_run=request.allow_short_run or _few_steps_are_wanted(request),
            method=plan.method,
            hyperparameters=request.hyperparameters,
            resolved=plan.resolved,
            created_at=self._clock.now(),
        )

    def _need_room(self, plan: Plan) -> None:
        missing = plan.disk_bytes + self._min_free_bytes - self._free_bytes()
        if missing > 0:
            raise StorageFull(
                f"This run would need {plan.disk_bytes / 1e9:.1f} GB of disk, and {missing / 1e9:.1f} GB of that is not free. "
                "Delete models or documents you no longer need, or make room on the disk.",
                code="storage.full",
            )

    def _change(self, owner: str, job_id: str, change: Callable[[StoredJob], StoredJob]) -> StoredJob:
        def attempt() -> StoredJob:
            stored: Stored[StoredJob] = self._jobs.get(owner, job_id)
            changed = change(stored.value)
            self._records.write(self._jobs.replacing(owner, job_id, changed, version=stored.version))
            return changed

        return retrying(attempt)

    def _shown(self, job: StoredJob, waiting: list[str] | None = None) -> Job:
        progress = job.last_progress
        if job.state == "running":
            progress = self._readers.of(self._events_file(job.id)).progress or Progress(stage="Starting the trainer")
            if job.cancel_requested:
                progress = progress.model_copy(update={"stage": "Stopping", "eta_s": None})
        position = None
        if job.state == "queued":
            queue = waiting if waiting is not None else self._queue()
            position = queue.index(job.id) + 1 if job.id in queue else None
        return job.shown(progress=progress, queue_position=position)

    def _queue(self) -> list[str]:
        return [pointer.key.sort for pointer in self._pointers(keys.QUEUE_PARTITION)]

    def _pointers(self, partition: str) -> list[Record]:
        return self._records.page(partition, limit=1_000).records

    def _events_file(self, job_id: str) -> Path:
        return self._runs_folder / job_id / EVENTS_FILE


def _few_steps_are_wanted(request: JobRequest) -> bool:
    """Who says how many steps a run shall take means it."""
    return request.hyperparameters.max_steps != "auto"
