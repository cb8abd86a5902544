"""Where a run goes on: the newest checkpoint that is whole and of this very run, or nothing. The others are told of and removed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from server.tuning.checkpoint import BadCheckpoint, checkpoints_of, remove, remove_leftovers, verified
from server.tuning.events import EventLog
from server.tuning.progress import Progress
from server.tuning.snapshot import TRAINING_FILE, WEIGHTS, best_weights, read_numbers, restore_tensors
from shared.checkpoints import CheckpointManifest
from shared.job_spec import CHECKPOINTS_FOLDER
from shared.model_folder import DamagedModel, num_weights_in


@dataclass(frozen=True)
class Resumed:
    """A verified checkpoint to go on from."""

    folder: Path
    manifest: CheckpointManifest
    numbers: dict[str, Any]

    @property
    def step(self) -> int:
        return self.manifest.step

    @property
    def path(self) -> str:
        return f"{CHECKPOINTS_FOLDER}/{self.folder.name}"

    def restore(self, tensors: dict[str, Tensor]) -> Progress:
        """Fill the training's buffers; returns what had happened up to here."""
        restore_tensors(self.folder, tensors)
        return Progress.of(self.numbers["progress"], best_weights(self.folder, len(tensors[WEIGHTS])))


def newest_good(run_folder: Path, fingerprint: str, events: EventLog) -> Resumed | None:
    """Every byte of the checkpoint that is returned was read and is what was written."""
    remove_leftovers(run_folder)
    for folder in checkpoints_of(run_folder):
        try:
            return _checked(folder, fingerprint)
        except BadCheckpoint as error:
            events.warn(f"The checkpoint {folder.name} cannot be used and was removed: {error}.")
            remove(folder)
    return None


def _checked(folder: Path, fingerprint: str) -> Resumed:
    manifest = verified(folder)
    if manifest.fingerprint != fingerprint:
        raise BadCheckpoint("it belongs to other settings or other data")
    try:
        num_weights_in(folder / TRAINING_FILE)
    except DamagedModel as error:
        raise BadCheckpoint(str(error)) from error
    return Resumed(folder, manifest, read_numbers(folder))
