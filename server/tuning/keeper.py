"""Keeps a training's checkpoints: decides when the next one is due, saves it, tells of it, and bears a full disk."""

import time
from pathlib import Path

from safetensors import SafetensorError

from server.tuning.checkpoint import CheckpointWriter
from server.tuning.claim import Claim
from server.tuning.events import EventLog
from server.tuning.failures import is_disk_full
from server.tuning.files import sha256_of
from server.tuning.snapshot import Snapshot, SnapshotFiles
from shared.checkpoints import MANIFEST_FILE
from shared.job_spec import CHECKPOINTS_FOLDER
from shared.trainer_events import CheckpointEvent

_LARGEST_SHARE = 0.04
"""Of the time that may go into saving: whatever the interval says, a save that took one second is followed by 24 of training."""
_BYTES_A_S = 320e6
"""Before the first save: 1.6 GB were written, summed and synced in 5 s."""


class Keeper:
    """`every_s` 0 saves after every step, whatever it costs. `size_bytes`: about how large a checkpoint will be; `saved_step`: the step of
    the one that the run went on from."""

    def __init__(
        self,
        writer: CheckpointWriter,
        files: SnapshotFiles,
        claim: Claim,
        events: EventLog,
        *,
        every_s: float,
        size_bytes: int,
        saved_step: int = 0,
    ) -> None:
        self._writer, self._files, self._claim, self._events = writer, files, claim, events
        self._every_s = every_s
        self._cost_s = size_bytes / _BYTES_A_S
        self._saved_at = time.monotonic()
        self._saved_step = saved_step

    @property
    def is_due(self) -> bool:
        wait = max(self._every_s, self._cost_s * (1 - _LARGEST_SHARE) / _LARGEST_SHARE) if self._every_s else 0.0
        return time.monotonic() - self._saved_at >= wait

    def save(self, snapshot: Snapshot) -> None:
        """Save unless this very step is saved already. A disk that refuses is a warning, and the training goes on.

        Raises `Superseded` where a later trainer has taken over.
        """
        if snapshot.step == self._saved_step:
            return
        self._claim.check()
        began = time.monotonic()
        try:
            folder, manifest = self._writer.write(
                snapshot.step,
                lambda staging, disk: self._files.fill(snapshot, staging, disk),
                validation_loss=snapshot.validation_loss,
                before_it_counts=self._claim.check,
            )
        except (OSError, SafetensorError) as error:
            self._saved_at = time.monotonic()
            self._events.warn(_why_not(error, snapshot.step))
            return
        self._files.written(snapshot, folder)
        self._writer.prune()
        self._saved_step, self._saved_at = snapshot.step, time.monotonic()
        self._cost_s = self._saved_at - began
        self._tell(folder, manifest.size_bytes)

    def _tell(self, folder: Path, size_bytes: int) -> None:
        self._events.write(
            CheckpointEvent,
            step=self._saved_step,
            path=f"{CHECKPOINTS_FOLDER}/{folder.name}",
            sha256=sha256_of(folder / MANIFEST_FILE),
            size_bytes=size_bytes,
            seconds=round(self._cost_s, 3),
        )


def _why_not(error: Exception, step: int) -> str:
    cause = "the disk is full" if is_disk_full(error) else "the disk did not take it"
    return f"The checkpoint at step {step} could not be saved: {cause}. Training goes on, and another one is tried later."
