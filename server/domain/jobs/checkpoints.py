"""The checkpoints in a run's folder, as the trainer's manifests tell of them. Their bytes are the trainer's business: it checks every
sum before it goes on from one; here a checkpoint counts when its manifest is there and every file has its size."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from shared.job_spec import CHECKPOINTS_FOLDER
from shared.wire import Checkpoint

MANIFEST_FILE: Final = "manifest.json"
_NAME: Final = re.compile(r"step-(\d{8})")
_MAX_MANIFEST_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class FoundCheckpoint:
    folder: Path
    step: int
    size_bytes: int
    validation_loss: float | None
    created_at: datetime

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
    found = [_checkpoint(folder) for folder in folders if _NAME.fullmatch(folder.name)]
    return [checkpoint for checkpoint in found if checkpoint is not None]


def newest_step(run_folder: Path) -> int | None:
    """Where the job would go on; None: from the beginning."""
    found = checkpoints_in(run_folder)
    return found[0].step if found else None


def _checkpoint(folder: Path) -> FoundCheckpoint | None:
    """None for one that is half written, damaged, or being removed at this moment."""
    try:
        manifest_file = folder / MANIFEST_FILE
        if manifest_file.stat().st_size > _MAX_MANIFEST_BYTES:
            return None
        manifest = json.loads(manifest_file.read_bytes())
        sizes = _sizes(manifest["files"])
        if any((folder / name).stat().st_size != size for name, size in sizes.items()):
            return None
        loss = manifest.get("validation_loss")
        return FoundCheckpoint(
            folder=folder,
            step=int(manifest["step"]),
            size_bytes=sum(sizes.values()),
            validation_loss=float(loss) if isinstance(loss, int | float) else None,
            created_at=_time(manifest.get("created_at"), manifest_file),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sizes(files: Any) -> dict[str, int]:
    """Sizes by name, from `[{"path", "size_bytes"}]` or `{name: {"size_bytes"}}`."""
    entries = files.items() if isinstance(files, dict) else ((file["path"], file) for file in files)
    return {str(name): int(entry["size_bytes"]) for name, entry in entries}


def _time(told: Any, file: Path) -> datetime:
    if isinstance(told, str):
        return datetime.fromisoformat(told)
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
