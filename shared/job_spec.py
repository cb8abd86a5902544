"""What the server hands a trainer: one `spec.json` in the run's folder. The trainer needs nothing else, and no server, to run it.

Exit statuses of the trainer: 0 done, 1 failed with a `failed` event, 143 stopped on request (SIGTERM), 75 refused because another trainer
works, or a later one has worked, in this folder (nothing was touched). Anything else is a crash.
On the way out it leaves `exit.json` (`ExitStatus`) beside the spec, written whole or not at all.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.constants import Accelerator, DocumentFormat, LoraScaling, LoraTargets, Method, Objective, Scheduler

SPEC_FILE = "spec.json"
EVENTS_FILE = "events.jsonl"
OUTPUT_FILE = "output.log"
EXIT_FILE = "exit.json"
FENCE_FILE = "fence"
"""The highest fencing number that ever worked in the folder."""
MODEL_FOLDER = "model"
ADAPTER_FOLDER = "adapter"
CHECKPOINTS_FOLDER = "checkpoints"
"""`step-<8 digits>/` each, with a manifest that is written last. A trainer that finds good ones goes on from the newest."""
LAST_FOLDER = "last"
"""The last weights, where an earlier step was better and became the model: an adapter, or a whole model for the other methods."""

NOTE_PREFIX = "launched-"
"""`launched-<run id>.json`: which process the launcher gave the run to."""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_CANCELLED = 143
EXIT_SUPERSEDED = 75


def run_note(folder: Path, run_id: str) -> Path:
    return folder / f"{NOTE_PREFIX}{run_id}.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataFile(_Part):
    """A document as the trainer finds it: bytes at `path`, read as `format`, and refused when their SHA-256 is another."""

    path: Path
    name: str
    format: DocumentFormat
    charset: str = "utf-8"
    sha256: str | None = None
    mapping: dict[str, Any] | None = None
    """`shared.wire.Mapping` as JSON: which column plays which part; None lets the reader find out as it did at the upload."""
    leave_out_bad: bool = False


class RunSettings(_Part):
    """Every hyper-parameter with its value: nothing is "auto" any more. `learning_rate` is the peak, after warm-up.

    `batch_size` counts blocks of `block_size` tokens in one micro-batch; an optimizer step sees `gradient_accumulation` of them.
    `max_steps` 0 means: as many as the epochs take.
    """

    epochs: float
    max_steps: int
    batch_size: int
    gradient_accumulation: int
    block_size: int
    learning_rate: float
    scheduler: Scheduler
    warmup_ratio: float
    weight_decay: float
    max_grad_norm: float
    lora_r: int
    lora_alpha: float
    validation_fraction: float
    seed: int
    accelerator: Accelerator = "cpu"
    """The kind of device; which one of several is `JobSpec.accelerator`."""
    beta: float = 0.1
    """For preference pairs alone."""
    lora_targets: LoraTargets = "all"
    lora_scaling: LoraScaling = "rank"
    """What an adapter's alpha is divided by: its rank, or the root of it (rank-stabilised, arXiv:2312.03732)."""
    lora_dropout: float = 0.0
    label_smoothing: float = 0.0
    early_stopping: int = 0
    """After so many validations in a row without a lower loss the training ends; 0: never."""

    @property
    def tokens_per_step(self) -> int:
        """Tokens that one optimizer step reads, in full blocks."""
        return self.block_size * self.batch_size * self.gradient_accumulation


class JobSpec(_Part):
    spec_version: Literal[1] = 1
    job_id: str
    run_id: str
    base_model: str
    """An id of `shared.base_models.CATALOGUE`, or `local/<folder name>` below `models_folder`."""
    method: Method
    objective: Objective = "supervised"
    data: list[DataFile]
    validation_data: list[DataFile] = []
    """Validated on instead of a fraction of `data`, when not empty; `settings.validation_fraction` is 0 then."""
    allow_short_run: bool = True
    """False: end before the first step when there would be fewer than 10 optimizer steps or nothing to learn."""
    settings: RunSettings
    sample_prompts: list[str] = []
    """Prompts to generate from while training; empty: the first prompts of the validation part."""
    base_models_folder: Path
    """Where prepared base models are kept between runs (a cache; may be deleted)."""
    models_folder: Path | None = None
    """The operator's own models, each a folder with safetensors."""
    threads: int | None = None
    base_folder: Path | None = None
    """A tuned model to start from instead of a catalogue entry: a Hugging Face folder; `base_model` is its public name then."""
    fence: int = 1
    """Rises with every attempt at the job. A trainer refuses to work in a folder where a higher one has worked."""
    checkpoint_every_s: float = 30.0
    accelerator: int | None = None
    """Which accelerator of this machine to use, where the settings ask for one; None: the first."""


class ExitStatus(_Part):
    run_id: str
    status: int
    at: str
