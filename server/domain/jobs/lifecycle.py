"""What happens to jobs without anybody asking: the next one is started, a run that ended is judged. Called by the supervisor alone.

Every step can be repeated: a server that dies in the middle leaves a state from which the next one goes on.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.documents.files import data_file
from server.domain.documents.service import Documents
from server.domain.jobs.failures import doubt_about, failure_of, not_kept, not_started
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import StoredModel, TunedModels, model_from
from server.errors import LlmTunerError, NotFound
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.launcher import Launch, Launcher, RunStatus
from server.ports.records import ABSENT, Delete, Put, Records
from shared.auto_settings import settings_of
from shared.constants import JobState
from shared.job_spec import (
    ADAPTER_FOLDER,
    EVENTS_FILE,
    EXIT_DONE,
    LAST_FOLDER,
    MODEL_FOLDER,
    SPEC_FILE,
    DataFile,
    JobSpec,
)
from shared.trainer_events import DoneEvent
from shared.wire import JobError

_STOP_GRACE_S: Final = 10.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Run:
    """A job that has a run. `handle` is None between the decision to start it and its start."""

    job_id: str
    owner: str
    handle: str | None


@dataclass(frozen=True)
class Folders:
    runs: Path
    base_models: Path
    own_models: Path


class Lifecycle:
    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        launcher: Launcher,
        documents: Documents,
        tuned_models: TunedModels,
        readers: RunReaders,
        *,
        folders: Folders,
        trainer_threads: int | None,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._launcher = launcher
        self._documents = documents
        self._tuned_models = tuned_models
        self._readers = readers
        self._folders = folders
        self._trainer_threads = trainer_threads
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")

    def runs(self) -> list[Run]:
        """Every job that has a run, also those whose run has ended and waits to be judged."""
        records = self._records.page(keys.RUNNING_PARTITION, limit=1_000).records
        return [Run(record.key.sort, record.data["owner"], record.data["handle"]) for record in records]

    def start_next(self) -> bool:
        """Starts the job that has waited longest. False when none waits."""
        waiting = self._records.page(keys.QUEUE_PARTITION, limit=1).records
        if not waiting:
            return False
        job_id, owner = waiting[0].key.sort, waiting[0].data["owner"]
        try:
            stored = self._jobs.get(owner, job_id)
        except NotFound:
            self._records.write(Delete(keys.queued(job_id), expect=None))
            return True
        job = stored.value.moved(
            "running", started_at=self._clock.now(), run_id=self._clock.new_id("run"), model_id=self._clock.new_id("mdl")
        )
        self._records.write(
            self._jobs.replacing(owner, job_id, job, version=stored.version),
            Delete(keys.queued(job_id), expect=waiting[0].version),
            Put(keys.running(job_id), {"owner": owner, "handle": None}, ABSENT),
        )
        self.launch(Run(job_id, owner, None))
        return True

    def launch(self, run: Run) -> None:
        """Starts a run's trainer. Also after a restart that came between the decision and the start: the launcher starts a run once."""
        job = self._jobs.get(run.owner, run.job_id).value
        folder = self._folder(run.job_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / SPEC_FILE).write_text(self._spec(job, folder).model_dump_json(indent=2))
            handle = self._launcher.start(Launch(str(job.run_id), "train", ["--spec", str(folder / SPEC_FILE)], folder))
        except (LlmTunerError, OSError) as error:
            _log.warning("run_not_started", job=run.job_id, reason=str(error))
            self._end(run, "failed", error=not_started(error))
            return
        self._records.write(Put(keys.running(run.job_id), {"owner": run.owner, "handle": handle}, expect=None))
        _log.info("run_started", job=run.job_id, run=job.run_id)

    def stop_if_asked(self, run: Run) -> None:
        """Ends the trainer of a job that somebody cancelled. Returns when no process of it is left."""
        if run.handle is not None and self._jobs.get(run.owner, run.job_id).value.cancel_requested:
            self._launcher.stop(run.handle, grace_s=_STOP_GRACE_S)

    def status(self, run: Run) -> RunStatus:
        return RunStatus(alive=False, exit_status=None) if run.handle is None else self._launcher.poll(run.handle)

    def output(self, run: Run, cursor: int) -> tuple[bytes, int]:
        return (b"", cursor) if run.handle is None else self._launcher.read(run.handle, cursor)

    def finish(self, run: Run, status: RunStatus) -> JobState:
        """Judges a run that is over, and says what became of the job. `succeeded` takes exit status 0 and files as they should be."""
        job = self._jobs.get(run.owner, run.job_id).value
        reader = self._readers.of(self._folder(run.job_id) / EVENTS_FILE)
        if status.exit_status == EXIT_DONE and reader.done is not None and not (doubt := doubt_about(reader.done)):
            return self._succeed(run, job, reader.done)
        if job.cancel_requested:
            return self._end(run, "cancelled")
        if status.exit_status == EXIT_DONE and reader.done is not None:
            return self._end(run, "failed", error=doubt)
        return self._end(run, "failed", error=failure_of(reader, status, self._last_output(run)))

    def _succeed(self, run: Run, job: StoredJob, done: DoneEvent) -> JobState:
        folder = self._folder(run.job_id)
        model = model_from(
            done,
            key=str(job.model_id),
            owner=job.owner,
            name=job.name,
            base_model=job.base_model,
            method=job.method,
            job_id=job.id,
            at=self._clock.now(),
        )
        try:
            self._tuned_models.take_in(model, folder)
        except (LlmTunerError, OSError, ValueError) as error:
            _log.warning("model_not_kept", job=run.job_id, reason=str(error))
            return self._end(run, "failed", error=not_kept(error))
        overhead = max(0.0, done.seconds - done.step * settings_of(job.resolved).tokens_per_step / done.tokens_per_s)
        speed = Put(keys.speed(job.base_model, job.method), {"tokens_per_s": done.tokens_per_s, "overhead_s": overhead}, expect=None)
        return self._end(run, "succeeded", model=model, also=[speed])

    def _end(
        self,
        run: Run,
        state: JobState,
        *,
        error: JobError | None = None,
        model: StoredModel | None = None,
        also: list[Put | Delete] | None = None,
    ) -> JobState:
        at: datetime = self._clock.now()
        progress = self._readers.of(self._folder(run.job_id) / EVENTS_FILE).progress

        def attempt() -> None:
            stored: Stored[StoredJob] = self._jobs.get(run.owner, run.job_id)
            changes: list[Put | Delete] = [Delete(keys.running(run.job_id), expect=None), *(also or [])]
            if stored.value.state == "running":
                changed = stored.value.moved(
                    state, finished_at=at, error=error, tuned_model=model.id if model else None, last_progress=progress
                )
                changes.append(self._jobs.replacing(run.owner, run.job_id, changed, version=stored.version))
                if model is not None:
                    changes += self._tuned_models.adding(model)
            self._records.write(*changes)

        retrying(attempt)
        for name in (MODEL_FOLDER, ADAPTER_FOLDER, LAST_FOLDER, "data"):
            # The store has what is to be kept; a run that did not succeed leaves its log and nothing else.
            shutil.rmtree(self._folder(run.job_id) / name, ignore_errors=True)
        _log.info("run_ended", job=run.job_id, state=state, code=error.code if error else None)
        return state

    def _spec(self, job: StoredJob, folder: Path) -> JobSpec:
        return JobSpec(
            job_id=job.id,
            run_id=str(job.run_id),
            base_model=job.base_model,
            method=job.method,
            data=[self._data_file(job.owner, document_id, folder) for document_id in job.document_ids],
            validation_data=[self._data_file(job.owner, job.validation_document_id, folder)] if job.validation_document_id else [],
            allow_short_run=job.allow_short_run,
            settings=settings_of(job.resolved),
            base_models_folder=self._folders.base_models,
            models_folder=self._folders.own_models,
            threads=self._trainer_threads,
        )

    def _data_file(self, owner: str, document_id: str, folder: Path) -> DataFile:
        return data_file(self._blobs, owner, self._documents.get(owner, document_id), folder / "data")

    def _last_output(self, run: Run) -> str:
        if run.handle is None:
            return ""
        data, cursor = b"", 0
        while True:
            more, cursor = self._launcher.read(run.handle, cursor)
            if not more:
                break
            data = (data + more)[-4_000:]
        lines = [line for line in data.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def _folder(self, job_id: str) -> Path:
        return self._folders.runs / job_id
