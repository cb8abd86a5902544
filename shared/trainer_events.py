"""What a trainer says, and the program that tests models: one JSON object a line in `events.jsonl`, appended and never changed.

They build these models and write them; the server parses and renders them. A run's events carry a rising `seq`; `at` is aware
UTC. Readers skip lines they cannot parse (a crash may leave half a line) and types they do not know.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

Level = Literal["debug", "info", "warning", "error"]


class _Event(BaseModel):
    seq: int
    at: datetime
    run_id: str


class SpecEvent(_Event):
    """The first event of a run: what is trained on what, with which versions."""

    type: Literal["spec"] = "spec"
    base_model: str
    method: str
    objective: str = "supervised"
    num_parameters: int | None = None
    num_trainable: int | None = None
    versions: dict[str, str] = {}
    device: str = "cpu"
    threads: int = 1


class StageEvent(_Event):
    """The run entered a stage or moved inside it. `fraction` is 0 to 1 where the end is known."""

    type: Literal["stage"] = "stage"
    stage: Literal["prepare", "read", "tokenize", "load", "train", "evaluate", "export", "verify", "test"]
    message: str
    fraction: float | None = None


class SampleEvent(_Event):
    """One of the first five examples, cut to 150 characters: what the model will see."""

    type: Literal["sample"] = "sample"
    index: int
    text: str


class HyperparametersEvent(_Event):
    type: Literal["hyperparameters"] = "hyperparameters"
    values: dict[str, Any]
    num_steps: int
    num_examples: int
    num_validation_examples: int
    num_training_tokens: int
    """Tokens of one epoch."""


class LogEvent(_Event):
    type: Literal["log"] = "log"
    level: Level = "info"
    message: str


class ProgressEvent(_Event):
    type: Literal["progress"] = "progress"
    step: int
    num_steps: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float
    tokens_per_s: float
    eta_s: float
    elapsed_s: float
    memory_bytes: int
    losses_before: list[float] = []
    """Of the steps between the event before and this one, in order: not every step has an event of its own."""
    cpu_percent: float | None = None
    """Since the event before, of all threads that the run uses; 100 is all of them busy."""
    gpu_percent: float | None = None
    reward_margin: float | None = None
    """On preference pairs alone: by how much the preferred answers' rewards exceed the others', on average; so in evaluations."""
    preference_accuracy: float | None = None
    """The share of pairs whose preferred answer has the higher reward; half of those where both are equal."""


class EvaluationEvent(_Event):
    """Mean loss per trained token (on preference pairs: per pair) on the validation part; step 0 is the base before any training."""

    type: Literal["evaluation"] = "evaluation"
    step: int
    loss: float
    perplexity: float | None = None
    """None on preference pairs, whose loss is about which answer is likelier and not about how likely any is."""
    elapsed_s: float
    best: bool = False
    reward_margin: float | None = None
    preference_accuracy: float | None = None


class GenerationEvent(_Event):
    type: Literal["generation"] = "generation"
    step: int
    prompt: str
    text: str


class CheckpointEvent(_Event):
    """A checkpoint was written and synced. `path` is relative to the run's folder; `sha256` is the manifest's. It took `seconds` beside the
    training, which stood still for `stall_s` of them."""

    type: Literal["checkpoint"] = "checkpoint"
    step: int
    path: str
    sha256: str
    size_bytes: int = 0
    seconds: float = 0.0
    stall_s: float = 0.0


class ResumedEvent(_Event):
    """The run goes on from a checkpoint: whatever an earlier attempt said of later steps does not count any more.

    Step 0, without a path: there was none to go on from, so it begins again.
    """

    type: Literal["resumed"] = "resumed"
    step: int
    path: str


class WarningEvent(_Event):
    type: Literal["warning"] = "warning"
    message: str


class DoneEvent(_Event):
    """The run ended well: the artifacts named here were written, synced and loaded again. Paths are relative to the run's folder."""

    type: Literal["done"] = "done"
    step: int
    ended_early: bool = False
    """Validations found nothing better for so long that the rest of the steps was left out."""
    train_loss: float
    validation_loss_before: float | None
    validation_loss: float | None
    num_training_tokens: int
    """Tokens with loss that were trained on, over all epochs."""
    num_tokens_read: int = 0
    """All that the steps read, also those without loss. 0: a trainer from before that was told."""
    num_parameters: int
    seconds: float
    tokens_per_s: float
    peak_memory_bytes: int
    chat: bool
    artifacts: list["Artifact"]


class Artifact(BaseModel):
    """A file that the run leaves, relative to its folder, for example `model/model.safetensors`. No path leads out of it."""

    path: Annotated[str, Field(pattern=r"^(model|adapter|last)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$")]
    size_bytes: int
    sha256: str


class FailureAction(BaseModel):
    """The button beside a failure: `retry` the job, or `clone` it with other hyper-parameters. The same as `shared.wire.JobAction`."""

    kind: Literal["retry", "clone"]
    label: str
    hyperparameters: dict[str, float | int | str] = {}


class TestingEvent(_Event):
    """Where a test is: `done` of `total` items of all models together. Items that an earlier attempt had done count as done."""

    __test__ = False  # pytest collects classes by this name

    type: Literal["testing"] = "testing"
    model: str
    done: int
    total: int
    eta_s: float | None


class TestedEvent(_Event):
    """The test ended well: its results were written and synced."""

    __test__ = False

    type: Literal["tested"] = "tested"
    num_items: int
    seconds: float
    peak_memory_bytes: int


class FailedEvent(_Event):
    type: Literal["failed"] = "failed"
    code: str
    message: str
    cause: str
    fix: str
    action: FailureAction | None = None


class CancelledEvent(_Event):
    """The run was asked to stop (cancelled or paused) and did, at this step, after saving a checkpoint if it had begun to train."""

    type: Literal["cancelled"] = "cancelled"
    step: int


Event = Annotated[
    SpecEvent
    | StageEvent
    | SampleEvent
    | HyperparametersEvent
    | LogEvent
    | ProgressEvent
    | EvaluationEvent
    | GenerationEvent
    | CheckpointEvent
    | ResumedEvent
    | WarningEvent
    | DoneEvent
    | TestingEvent
    | TestedEvent
    | FailedEvent
    | CancelledEvent,
    Field(discriminator="type"),
]
DoneEvent.model_rebuild()
EVENT = TypeAdapter(Event)


def level_of(event: Event) -> Level:
    """The log level that a person would filter this event by."""
    match event.type:
        case "log":
            return event.level
        case "warning":
            return "warning"
        case "failed":
            return "error"
        case _:
            return "info"


def render(event: Event) -> str:
    """One line of text for people; the same in the trainer's output, the server's console and the page."""
    match event.type:
        case "spec":
            share = ""
            if event.num_trainable and event.num_parameters:
                share = f", {event.num_trainable:,} of {event.num_parameters:,} parameters trained"
            pairs = " on preference pairs" if event.objective == "preference" else ""
            return f"Tuning {event.base_model} with {event.method}{pairs} on {event.device}, {event.threads} threads{share}"
        case "stage":
            share = "" if event.fraction is None else f" ({event.fraction:.0%})"
            return f"{event.message}{share}"
        case "sample":
            return f"Sample {event.index + 1}: {event.text}"
        case "hyperparameters":
            values = ", ".join(f"{name}={value}" for name, value in event.values.items())
            return (
                f"Hyper-parameters: {values}; {event.num_steps} steps over {event.num_examples} examples "
                f"({event.num_training_tokens:,} tokens an epoch), {event.num_validation_examples} kept for validation"
            )
        case "log" | "warning":
            return event.message
        case "progress":
            return (
                f"Step {event.step}/{event.num_steps}: loss {event.loss:.4f}{_preferred(event)}, rate {event.learning_rate:.2e}, "
                f"gradient {event.grad_norm:.2f}, {event.tokens_per_s:.0f} tokens/s, {event.eta_s:.0f} s left"
            )
        case "evaluation":
            best = ", the best so far" if event.best else ""
            strange = "" if event.perplexity is None else f", perplexity {event.perplexity:.2f}"
            return f"Validation at step {event.step}: loss {event.loss:.4f}{strange}{_preferred(event)}{best}"
        case "generation":
            return f"At step {event.step}, {event.prompt!r} gives {event.text!r}"
        case "checkpoint":
            return f"Checkpoint at step {event.step} saved"
        case "resumed":
            return f"Going on from the checkpoint at step {event.step}" if event.path else "Starting again from the beginning"
        case "done":
            speed = f"{event.step} steps in {event.seconds:.0f} s, {event.tokens_per_s:.0f} tokens/s"
            return f"Done: {speed}, training loss {event.train_loss:.4f}"
        case "testing":
            left = "" if event.eta_s is None else f", {event.eta_s:.0f} s left"
            return f"{event.model}: {event.done} of {event.total} answers graded{left}"
        case "tested":
            return f"Done: {event.num_items} items in {event.seconds:.0f} s"
        case "failed":
            return f"Failed ({event.code}): {event.message} {event.fix}"
        case "cancelled":
            return f"Stopped on request at step {event.step}"
    raise ValueError(f"unknown event type {event.type}")


def _preferred(event: ProgressEvent | EvaluationEvent) -> str:
    if event.reward_margin is None or event.preference_accuracy is None:
        return ""
    return f", reward margin {event.reward_margin:.3f}, {event.preference_accuracy:.0%} of the pairs right"
