"""The checkpoints in a run's folder, as the trainer's manifests tell of them. Their bytes are the trainer's business: it checks every
sum before it goes on from one; here a checkpoint counts when its manifest is there and every file has its size."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.checkpoints import FOLDER_PREFIX, MANIFEST_FILE, MAX_MANIFEST_BYTES, CheckedFile, CheckpointManifest, folder_name
from shared.job_spec import CHECKPOINTS_FOLDER
from shared.wire import Checkpoint


@dataclass(frozen=True)
class FoundCheckpoint:
    folder: Path
    step: int
    size_bytes: int
    validation_loss: float | None
    created_at: datetime
    files: dict[str, CheckedFile]
    """All but the manifest."""

    def shown(self, job_id: str) -> Checkpoint:
        return Checkpoint(
            id=str(self.step),
            job_id=job_id,
            step=self.step,
            validation_loss=self.validation_loss,
            size_bytes=self.size_bytes,
            created_at=self.created_at,
        )


def checkpoints_in(run_folder: Path) -> list[FoundCheckpoint]:
    """Newest first."""
    try:
        folders = sorted((run_folder / CHECKPOINTS_FOLDER).iterdir(), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [_checkpoint(folder) for folder in folders if folder.name.startswith(FOLDER_PREFIX)]
    return [checkpoint for checkpoint in found if checkpoint is not None]


def newest_step(run_folder: Path) -> int | None:
    """Where the job would go on; None: from the beginning."""
    found = checkpoints_in(run_folder)
    return found[0].step if found else None


def _checkpoint(folder: Path) -> FoundCheckpoint | None:
    """None for one that is half written, damaged, or being removed at this moment."""
    try:
        manifest_file = folder / MANIFEST_FILE
        if manifest_file.stat().st_size > MAX_MANIFEST_BYTES:
            return None
        manifest = CheckpointManifest.model_validate_json(manifest_file.read_bytes())
        if not manifest.is_true or folder.name != folder_name(manifest.step):
            return None
        if any((folder / name).stat().st_size != file.size_bytes for name, file in manifest.files.items()):
            return None
    except (OSError, ValueError):
        return None
    return FoundCheckpoint(folder, manifest.step, manifest.size_bytes, manifest.validation_loss, manifest.created_at, manifest.files)
