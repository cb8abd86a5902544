"""Jobs: what is asked for, where they are, what they said."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.constants import MAX_DOCUMENTS_PER_JOB, Accelerator, JobState, LoraScaling, LoraTargets, Method, Objective, Scheduler
from shared.wire.base import Answer, Auto, Name, Note, Request
from shared.wire.forecasts import ForecastLine
from shared.wire.settings import Resolved


class Hyperparameters(Request):
    """What a person may set. Everything left at "auto" is resolved by `shared.auto_settings`, with a reason.

    `lora_targets` are the layers that get adapters: all linear ones, those of attention, or queries and values alone; `lora_scaling` is
    what alpha is divided by, the rank or its root. `early_stopping` 2 ends after two validations in a row without a lower loss, 0 never.
    `beta` is for preference pairs alone: how strongly the model is held to what it was (DPO, arXiv:2305.18290).
    """

    epochs: Annotated[float, Field(gt=0, le=1000)] | Auto = "auto"
    max_steps: Annotated[int, Field(ge=1, le=1_000_000)] | Auto = "auto"
    batch_size: Annotated[int, Field(ge=1, le=256)] | Auto = "auto"
    gradient_accumulation: Annotated[int, Field(ge=1, le=256)] | Auto = "auto"
    block_size: Annotated[int, Field(ge=16, le=131_072)] | Auto = "auto"
    learning_rate: Annotated[float, Field(gt=0, le=1)] | Auto = "auto"
    scheduler: Scheduler | Auto = "auto"
    warmup_ratio: Annotated[float, Field(ge=0, le=0.5)] | Auto = "auto"
    weight_decay: Annotated[float, Field(ge=0, le=1)] | Auto = "auto"
    max_grad_norm: Annotated[float, Field(gt=0, le=1000)] | Auto = "auto"
    lora_r: Annotated[int, Field(ge=1, le=256)] | Auto = "auto"
    lora_alpha: Annotated[float, Field(gt=0, le=1024)] | Auto = "auto"
    validation_fraction: Annotated[float, Field(ge=0, le=0.5)] | Auto = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**31)] | Auto = "auto"
    accelerator: Accelerator | Auto = "auto"
    beta: Annotated[float, Field(gt=0, le=2)] | Auto = "auto"
    lora_targets: LoraTargets | Auto = "auto"
    lora_scaling: LoraScaling | Auto = "auto"
    lora_dropout: Annotated[float, Field(ge=0, le=0.9)] | Auto = "auto"
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] | Auto = "auto"
    early_stopping: Annotated[int, Field(ge=0, le=100)] | Auto = "auto"


class JobRequest(Request):
    """A request to tune, on a dataset or on documents, of which one is then made. `method` "auto" is `scratch` for a from-scratch
    base and `lora` otherwise. `objective` "auto" is `preference` where all examples are preference pairs and there are weights to start
    from; pairs together with other examples then need a word on what is meant."""

    name: Name | None = None
    note: Note = ""
    base_model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)] | None = None
    method: Method | Auto = "auto"
    objective: Objective | Auto = "auto"
    hyperparameters: Hyperparameters = Hyperparameters()
    allow_short_run: bool = False
    """Start also what would take fewer than 10 optimizer steps (naming `max_steps` allows that too), or could learn nothing."""
    test_set_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Tests the model with this as soon as the job has succeeded."""


class JobPatch(Request):
    """`queue_rank` (1 is first) is the place among one's own waiting jobs; it can be changed while the job waits, and
    `hyperparameters` only before its first run."""

    name: Name | None = None
    note: Note | None = None
    queue_rank: Annotated[int, Field(ge=1, le=1_000)] | None = None
    hyperparameters: Hyperparameters | None = None


class JobChanges(Request):
    """What a clone does otherwise than its original. Of `hyperparameters` only the fields that are named replace the original's."""

    name: Name | None = None
    note: Note | None = None
    base_model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)] | None = None
    method: Method | Auto | None = None
    objective: Objective | Auto | None = None
    hyperparameters: Hyperparameters = Hyperparameters()
    allow_short_run: bool | None = None
    test_set_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class Progress(Answer):
    """Where a run is now. `stage` is what it is doing in words; `stage_fraction` is 0 to 1 where that can be known."""

    stage: str
    stage_fraction: float | None = None
    step: int = 0
    num_steps: int | None = None
    epoch: float = 0.0
    loss: float | None = None
    validation_loss: float | None = None
    reward_margin: float | None = None
    """On preference pairs alone, as the next: how much further the model has moved towards the preferred answers than the others."""
    preference_accuracy: float | None = None
    """The share of pairs whose preferred answer has the higher reward."""
    tokens_per_s: float | None = None
    eta_s: float | None = None
    updated_at: datetime | None = None


class JobAction(Answer):
    """What a button beside an error does: `retry` goes on from the last checkpoint, `clone` starts a new job with these changes."""

    kind: Literal["retry", "clone"]
    label: str
    hyperparameters: dict[str, float | int | str] = {}


class JobError(Answer):
    """Why a job failed, for a person: what happened, the likely cause, what to do next, and a button for it where there is one."""

    code: str
    message: str
    cause: str
    fix: str
    action: JobAction | None = None


class JobMove(Answer):
    """A change of state. `reason` is one line for a person, for example why a run goes on by itself."""

    state: JobState
    at: datetime
    reason: str | None = None


class Checkpoint(Answer):
    """A complete, verified training state. `id` is its step as text; the newest is where a run goes on."""

    id: str
    object: Literal["checkpoint"] = "checkpoint"
    job_id: str
    step: int
    validation_loss: float | None
    size_bytes: int
    created_at: datetime


class Job(Answer):
    id: str
    object: Literal["job"] = "job"
    name: str
    note: str
    state: JobState
    base_model: str
    dataset_id: str
    document_ids: list[str]
    content_sha256: str
    method: Method
    objective: Objective = "supervised"
    hyperparameters: Hyperparameters
    resolved: dict[str, Resolved]
    progress: Progress | None
    queue_position: int | None
    """Place among everybody's waiting jobs, 1 is next; `queue_rank` is the one among the owner's own."""
    queue_rank: int | None = None
    estimated_start: datetime | None = None
    stopping: Literal["cancel", "pause"] | None = None
    """The run was asked to end and has not yet."""
    stalled_since: datetime | None = None
    """The trainer lives and makes no progress since then. It is not ended for that."""
    num_runs: int = 0
    num_resumes: int = 0
    """How often the run was continued by itself after a crash, since a person last started it."""
    resumes_from_step: int | None = None
    """Step of the newest good checkpoint: what pausing, a crash or a retry would go on from. None: from the beginning."""
    cloned_from: str | None = None
    history: list[JobMove] = []
    error: JobError | None
    tuned_model: str | None
    test_set_id: str | None = None
    evaluation_id: str | None = None
    """The test that began by itself when the job had succeeded."""
    costs: list[ForecastLine] = []
    """What was foretold of it against what it took, or is expected to take while it runs."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class LogLine(Answer):
    """`cursor` is the position after this line: asking with `after=<cursor>` gives the lines that follow."""

    cursor: int
    at: datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str


class LogPage(Answer):
    """Lines in order. Asking with `after=<next>` gives what follows, with `before=<start>` what came before; at `start` 0 nothing did."""

    object: Literal["log"] = "log"
    lines: list[LogLine]
    start: int
    next: int
    live: bool


class MetricPoint(Answer):
    step: int
    elapsed_s: float
    loss: float | None = None
    validation_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    tokens_per_s: float | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    """Of all cores that the run may use; 100 is all of them busy."""
    gpu_percent: float | None = None
    reward_margin: float | None = None
    """These four on preference pairs alone: of the step, and of the validation part."""
    preference_accuracy: float | None = None
    validation_reward_margin: float | None = None
    validation_preference_accuracy: float | None = None


class SampleGeneration(Answer):
    """What the model said to a prompt at a step of its training; step 0 is the base."""

    step: int
    prompt: str
    text: str


class Metrics(Answer):
    """Points of a run, thinned to at most 1,500 with the extremes kept, and its sample generations.

    Asking with `after=<next>` gives what came since. Points of one step belong together: a later answer may bring a step's validation loss
    as a point of its own, to be merged into the one that is there.
    """

    object: Literal["metrics"] = "metrics"
    data: list[MetricPoint]
    generations: list[SampleGeneration]
    rewound_to: int | None = None
    """The run went back to a checkpoint since `after`: forget every point beyond this step before taking in `data`."""
    next: int


class DownloadLink(Answer):
    """An address that a browser can be sent to without a header. It holds for `expires_in` seconds."""

    url: str
    expires_in: int
