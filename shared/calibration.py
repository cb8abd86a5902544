"""What a machine needs for the parts of a training, as the program `server.tuning.calibration` measures it and forecasts read it.

The server hands it a `CalibrationSpec` as JSON; on standard output it prints one `Calibration`, or `CalibrationRefused`. Times are the
least of several repeats: what the machine can do, not what else it was doing.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.constants import Accelerator, Method


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CalibrationSpec(_Part):
    """Which model is measured, and how it is trained. The folders are those of a `JobSpec`."""

    base_model: str
    method: Method
    base_models_folder: Path
    models_folder: Path | None = None
    base_folder: Path | None = None
    threads: int | None = None
    accelerator: Accelerator = "cpu"
    scratch_folder: Path
    """Where the disk's speed is tried."""


class RowCost(_Part):
    """Seconds of one layer for a batch: `call_s` whatever its size, more for each row, for each pair of rows that attention compares
    (half the square of each document's length), and for each run of equally long documents."""

    call_s: float
    row_s: float
    pair_s: float
    run_s: float

    def seconds(self, rows: float, pairs: float, runs: float) -> float:
        return self.call_s + self.row_s * rows + self.pair_s * pairs + self.run_s * runs


class Calibration(_Part):
    """Of one base model and method on one machine. Counts of the model stand here, too, so that who reads this needs no other source."""

    base_model: str
    method: Method
    measured_at: datetime
    seconds: float
    """How long measuring took."""
    matrix_gflops: float
    """A large matrix product, tried between the measurements."""
    others_share: float
    """Of all processors' time while measuring, what other programs used: of a quiet machine next to nothing."""
    num_layers: int
    num_parameters: int
    num_trained_at_16: int
    """Trained numbers; of adapters those at rank 16, and their number rises in proportion to the rank."""
    width: int
    vocabulary_size: int
    start_s: float
    """From the start of the program to all libraries being there."""
    start_bytes: int
    layer: RowCost
    layer_forward: RowCost
    head_row_s: float
    head_forward_row_s: float
    step_number_s: float
    """Clipping and stepping, for each trained number."""
    token_s: float
    """One token of a generation."""
    saved_row_bytes: float
    """What the forward pass of one layer keeps for the backward pass, for each row."""
    working_row_bytes: float
    """Of the widest place of the backward pass, for each row, once."""
    grown_bytes: int
    """What two layers took beside their weights and what they keep: scratch space of the libraries, and what the allocator holds back."""
    head_bytes: int
    """Of one chunk of the head and its gradient."""
    write_byte_s: float
    """Writing to the disk and waiting until it is there."""
    read_byte_s: float
    """Reading what was just written, and summing it."""
    device_memory_bytes: int | None = None
    """All memory of the accelerator; None on a processor."""


class CalibrationRefused(_Part):
    """Why this cannot be measured, for example because the model is not on this machine yet."""

    object: Literal["refused"] = "refused"
    reason: str
