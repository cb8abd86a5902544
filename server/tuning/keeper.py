"""Keeps a training's checkpoints: decides when the next one is due, has it saved beside the training, tells of it, bears a full disk.

All but `_written` is called by the training's own thread, which alone writes events.
"""

import time
from functools import partial
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor

from server.tuning.checkpoint import CheckpointWriter
from server.tuning.claim import Claim
from server.tuning.disk import Disk
from server.tuning.events import EventLog
from server.tuning.failures import is_disk_full
from server.tuning.files import sha256_of
from server.tuning.saving import Save, Told
from server.tuning.snapshot import Snapshot, SnapshotFiles
from shared.checkpoints import MANIFEST_FILE
from shared.job_spec import CHECKPOINTS_FOLDER
from shared.trainer_events import CheckpointEvent

LARGEST_SHARE = 0.04
"""Of the time that may go into saving: whatever the interval says, a save that took one second from the training (it stood still, or a
processor was busy elsewhere) is followed by 24 of training."""
_BYTES_A_S = 320e6
"""Before the first save: 1.6 GB were written, summed and synced in 5 s."""


class Keeper:
    """`every_s` 0 begins a save after every step, whatever it costs. `size_bytes`: about how large a checkpoint will be; `saved_step`: the
    step of the one that the run went on from."""

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
        self._save: Save[tuple[Path, int]] | None = None
        self._host: dict[str, Tensor] = {}

    @property
    def is_due(self) -> bool:
        if not self._every_s:
            return True
        wait = max(self._every_s, self._cost_s * (1 - LARGEST_SHARE) / LARGEST_SHARE)
        return self._save is None and time.monotonic() - self._saved_at >= wait

    def save(self, snapshot: Snapshot) -> None:
        """Begin to save, unless this very step is saved already. There is never more than one save: the one before is waited for.

        The weights must lie still until `before_weights_move` returns. Raises `Superseded` where a later trainer has taken over.
        """
        began = time.monotonic()
        self.finish()
        if snapshot.step == self._saved_step:
            return
        self._claim.check()
        still = snapshot.on_host(self._host)
        self._save = Save(snapshot.step, partial(self._written, still))
        self._save.stall_s = time.monotonic() - began

    def before_weights_move(self) -> None:
        """Waits for a save that still reads them. Whoever changes what a snapshot holds calls this first."""
        if self._save is not None:
            self._save.wait_until_read()

    def look(self) -> None:
        """Tells of a save that is over. Raises `Superseded`."""
        if self._save is not None and self._save.is_over:
            self.finish()

    def finish(self) -> None:
        """Waits for the save that was begun, and tells of it. A disk that refused is a warning, and the training goes on.

        Raises `Superseded` where a later trainer has taken over.
        """
        save, self._save = self._save, None
        if save is None:
            return
        try:
            folder, size_bytes = save.result()
        except (OSError, SafetensorError) as error:
            self._saved_at = time.monotonic()
            self._events.warn(_why_not(error, save.step))
            return
        self._saved_step, self._saved_at = save.step, time.monotonic()
        self._cost_s = save.stall_s + save.cpu_s
        self._events.write(
            CheckpointEvent,
            step=save.step,
            path=f"{CHECKPOINTS_FOLDER}/{folder.name}",
            sha256=sha256_of(folder / MANIFEST_FILE),
            size_bytes=size_bytes,
            seconds=round(save.seconds, 3),
            stall_s=round(save.stall_s, 3),
        )

    def _written(self, snapshot: Snapshot, has_read: Told) -> tuple[Path, int]:
        """The save itself; in its own thread."""

        def fill(staging: Path, disk: Disk) -> None:
            self._files.fill(snapshot, staging, disk)
            has_read()

        folder, manifest = self._writer.write(
            snapshot.step, fill, validation_loss=snapshot.validation_loss, before_it_counts=self._claim.check
        )
        self._files.written(snapshot, folder)
        self._writer.prune()
        return folder, manifest.size_bytes


def _why_not(error: Exception, step: int) -> str:
    cause = "the disk is full" if is_disk_full(error) else "the disk did not take it"
    return f"The checkpoint at step {step} could not be saved: {cause}. Training goes on, and another one is tried later."
