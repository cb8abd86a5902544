"""Fine-tuning jobs, what they say, and the models that they leave on the way."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from shared.constants import Method
from shared.wire.base import Auto
from shared.wire.jobs import Hyperparameters
from shared.wire.openai.base import Asked, Id, Metadata, Sparse, Told

Epochs = Annotated[int, Field(ge=1, le=50)] | Auto
BatchSize = Annotated[int, Field(ge=1, le=256)] | Auto
Multiplier = Annotated[float, Field(gt=0)] | Auto
Beta = Annotated[float, Field(gt=0, le=2)] | Auto
JobStatus = Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled", "paused"]
"""The specification's enum has no "paused"; its example of pausing has, and OpenAI answers it."""


class AskedHyperparameters(Asked):
    n_epochs: Epochs | None = None
    batch_size: BatchSize | None = None
    learning_rate_multiplier: Multiplier | None = None
    beta: Beta | None = None


class AskedMethodPart(Asked):
    hyperparameters: AskedHyperparameters | None = None


class AskedMethod(Asked):
    type: str
    supervised: AskedMethodPart | None = None
    dpo: AskedMethodPart | None = None


class Knobs(Hyperparameters):
    """Our own, under `llm_tuner`: every hyper-parameter by our name, and what else a job of ours takes. Unknown ones are refused: whoever
    writes this knows us."""

    method: Method | Auto = "auto"
    base_model: Id | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None
    note: Annotated[str, StringConstraints(max_length=4_000)] = ""
    allow_short_run: bool = False
    test_set_id: Id | None = None


class JobCreate(Asked):
    model: Id
    training_file: Id
    validation_file: Id | None = None
    suffix: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    metadata: Metadata | None = None
    integrations: list[Any] | None = None
    method: AskedMethod | None = None
    hyperparameters: AskedHyperparameters | None = None
    llm_tuner: Knobs | None = None


class JobHyperparameters(Sparse):
    """What the run uses. A number of ours that has no place here (a rate that was given as such, half an epoch) is left out."""

    n_epochs: int | Auto | None = None
    batch_size: int | Auto | None = None
    learning_rate_multiplier: float | Auto | None = None
    beta: float | Auto | None = None


class JobMethodPart(Told):
    hyperparameters: JobHyperparameters


class JobMethod(Sparse):
    type: Literal["supervised", "dpo"]
    supervised: JobMethodPart | None = None
    dpo: JobMethodPart | None = None


class JobFault(Told):
    code: str
    message: str
    param: str | None


class FineTuningJob(Told):
    id: str
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: int
    finished_at: int | None
    estimated_finish: int | None
    status: JobStatus
    model: str
    fine_tuned_model: str | None
    organization_id: str
    training_file: str
    validation_file: str | None
    result_files: list[str]
    trained_tokens: int | None
    hyperparameters: JobHyperparameters
    method: JobMethod
    seed: int
    error: JobFault | None
    integrations: list[Any] | None
    metadata: dict[str, str] | None


class JobEvent(Told):
    id: str
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    created_at: int
    level: Literal["info", "warn", "error"]
    message: str
    type: Literal["message", "metrics"]
    data: dict[str, Any]


class CheckpointMetrics(Sparse):
    step: float | None = None
    train_loss: float | None = None
    valid_loss: float | None = None


class JobCheckpoint(Told):
    id: str
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    created_at: int
    fine_tuned_model_checkpoint: str
    fine_tuning_job_id: str
    metrics: CheckpointMetrics
    step_number: int
