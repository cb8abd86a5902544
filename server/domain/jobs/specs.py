"""From a job to the trainer's spec, and the folders that it names."""

from dataclasses import dataclass
from pathlib import Path

from server.domain.documents.files import data_file
from server.domain.documents.service import Documents
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import TunedModels
from server.ports.blobs import Blobs
from shared.auto_settings import settings_of
from shared.job_spec import EVENTS_FILE, DataFile, JobSpec


def write_whole(file: Path, text: str) -> None:
    """The run's program may be there already, if a server died before it knew that it had started one: it must not read half a file."""
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(file)


@dataclass(frozen=True)
class Folders:
    runs: Path
    base_models: Path
    own_models: Path

    def of(self, job_id: str) -> Path:
        """The run's folder: one a job, for all its attempts."""
        return self.runs / job_id

    def all(self) -> list[Path]:
        return [folder for folder in self.runs.iterdir() if folder.is_dir()] if self.runs.exists() else []

    def events_of(self, job_id: str) -> Path:
        return self.of(job_id) / EVENTS_FILE


@dataclass(frozen=True)
class Device:
    """What a run may use: threads (None: all), and which accelerator (None: the only one, or none)."""

    threads: int | None
    accelerator: int | None


class Specs:
    def __init__(
        self, blobs: Blobs, documents: Documents, tuned_models: TunedModels, folders: Folders, *, checkpoint_every_s: float = 30.0
    ) -> None:
        self._blobs = blobs
        self._documents = documents
        self._tuned_models = tuned_models
        self._folders = folders
        self._checkpoint_every_s = checkpoint_every_s

    def of(self, job: StoredJob, device: Device) -> JobSpec:
        """Raises `NotFound` when a document or the model to start from is gone."""
        copies = self._folders.of(job.id) / "data"

        def file(document_id: str) -> DataFile:
            return data_file(self._blobs, job.owner, self._documents.get(job.owner, document_id), copies)

        return JobSpec(
            job_id=job.id,
            run_id=str(job.run_id),
            fence=job.num_runs,
            base_model=job.base_model,
            base_folder=self._tuned_models.folder_to_start_from(job.owner, job.base_model),
            method=job.method,
            objective=job.objective,
            data=[file(document_id) for document_id in job.document_ids],
            validation_data=[file(job.validation_document_id)] if job.validation_document_id else [],
            allow_short_run=job.allow_short_run,
            settings=settings_of(job.resolved),
            base_models_folder=self._folders.base_models,
            models_folder=self._folders.own_models,
            threads=device.threads,
            accelerator=device.accelerator,
            checkpoint_every_s=self._checkpoint_every_s,
        )
