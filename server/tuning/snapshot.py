"""A training at the border of two steps, as the files of a checkpoint, and back. Only safetensors and JSON: nothing in them can run.

state.json            numbers: steps, counters, losses, times
training.safetensors  trained weights, both moments of the optimizer, the state of torch's random numbers
best.safetensors      the best weights so far, where an evaluation found some
tokenizer*.json       the vocabulary of a model that started from nothing, learned once
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from server.tuning.checkpoint import BadCheckpoint
from server.tuning.disk import Disk
from server.tuning.progress import Progress

STATE_FILE = "state.json"
TRAINING_FILE = "training.safetensors"
BEST_FILE = "best.safetensors"
WEIGHTS = "weights"
_MOST_STATE_BYTES = 1_000_000

_WORTH_LINKING = 64 * 2**20
"""Best weights that did not change since the checkpoint before are written again where that is cheap: then one flipped bit cannot
spoil both checkpoints. Larger ones get a second name."""


def checkpoint_bytes(num_trained: int) -> int:
    """How large one is: the weights, their two moments and the best weights."""
    return 4 * 4 * num_trained


@dataclass(frozen=True)
class Snapshot:
    """`tensors` are the training's own buffers, not copies: they must lie still while they are read. The rest is its own. `best_step` says
    when `best`, the best weights, was taken; `random` is the state of torch's random numbers."""

    step: int
    numbers: dict[str, Any]
    tensors: dict[str, Tensor]
    best: Tensor | None = None
    best_step: int = 0
    validation_loss: float | None = None
    random: Tensor = field(default_factory=torch.get_rng_state)

    def on_host(self, buffers: dict[str, Tensor]) -> "Snapshot":
        """What lies on an accelerator is copied into `buffers`, which are made once: its steps are too short to write within one."""
        return replace(self, tensors={name: _on_host(name, tensor, buffers) for name, tensor in self.tensors.items()})


def _on_host(name: str, tensor: Tensor, buffers: dict[str, Tensor]) -> Tensor:
    if tensor.device.type == "cpu":
        return tensor
    if name not in buffers:
        buffers[name] = torch.empty_like(tensor, device="cpu", pin_memory=tensor.device.type == "cuda")
    return buffers[name].copy_(tensor)


@dataclass
class SnapshotFiles:
    """Writes snapshots. What `beside` writes (a learned vocabulary) is the same in all checkpoints of a run."""

    beside: Callable[[Path], None] | None = None
    worth_linking: int = _WORTH_LINKING
    _written_best: tuple[int, Path] | None = field(default=None)

    def fill(self, snapshot: Snapshot, folder: Path, disk: Disk) -> None:
        disk.write_tensors(folder / TRAINING_FILE, {**snapshot.tensors, "random": snapshot.random})
        if snapshot.best is not None:
            self._write_best(snapshot, snapshot.best, folder / BEST_FILE, disk)
        if self.beside is not None:
            self.beside(folder)
        disk.write_text(folder / STATE_FILE, json.dumps(snapshot.numbers, indent=1) + "\n")

    def written(self, snapshot: Snapshot, folder: Path) -> None:
        """The files that `fill` made lie in `folder` now: the next ones may share their bytes."""
        self._written_best = (snapshot.best_step, folder / BEST_FILE) if snapshot.best is not None else None

    def _write_best(self, snapshot: Snapshot, best: Tensor, file: Path, disk: Disk) -> None:
        if self._written_best is not None and best.nbytes >= self.worth_linking:
            step, old = self._written_best
            if step == snapshot.best_step and old.exists():
                disk.link(file, old)
                return
        disk.write_tensors(file, {WEIGHTS: best})


def read_numbers(folder: Path) -> dict[str, Any]:
    """Of a verified checkpoint. Raises `BadCheckpoint` where they are none of this trainer's."""
    try:
        if (folder / STATE_FILE).stat().st_size > _MOST_STATE_BYTES:
            raise BadCheckpoint(f"{STATE_FILE} is too large")
        numbers: dict[str, Any] = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        Progress.of(numbers["progress"], None)
        numbers["pace"]["elapsed_s"]
    except BadCheckpoint:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCheckpoint(f"{STATE_FILE} cannot be read") from error
    return numbers


def restore_tensors(folder: Path, into: dict[str, Tensor]) -> None:
    """Fill the training's buffers from a verified checkpoint."""
    _read(folder / TRAINING_FILE, into)
    random = torch.get_rng_state()
    _read(folder / TRAINING_FILE, {"random": random})
    torch.set_rng_state(random)


def restore_weights(folder: Path, into: Tensor) -> None:
    """The trained weights alone."""
    _read(folder / TRAINING_FILE, {WEIGHTS: into})


def best_weights(folder: Path, size: int) -> Tensor | None:
    if not (folder / BEST_FILE).exists():
        return None
    best = torch.empty(size)  # On the processor: whoever puts it back copies it to where the weights are.
    _read(folder / BEST_FILE, {WEIGHTS: best})
    return best


def _read(path: Path, into: dict[str, Tensor]) -> None:
    """Raises `BadCheckpoint` where the file is not of this model: its bytes were right, so it was another trainer's."""
    try:
        with safe_open(path, framework="pt") as file:
            for name, buffer in into.items():
                found = file.get_tensor(name)
                if found.shape != buffer.shape or found.dtype != buffer.dtype:
                    raise BadCheckpoint(f"{path.name} belongs to a model of another size")
                buffer.copy_(found)
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(f"{path.name} cannot be read") from error
