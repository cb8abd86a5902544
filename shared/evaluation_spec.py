"""What the server hands the program that tests models: `python -m server.tuning.evaluation --spec FILE`, and what that leaves.

Everything is written beside the spec, in the same manner as by a trainer: `events.jsonl` grows (stages, then a `testing` event for every
batch, and `tested`, `failed` or `cancelled` last), `answers.jsonl` grows by a line an item and model, and `results.json`
(`EvaluationResults`) is written last, whole or not at all. Exit statuses and `exit.json` are the trainer's (`shared.job_spec`). A program
that was killed and is started again in the same folder goes on with what `answers.jsonl` holds.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.job_spec import DataFile
from shared.wire.testing import Comparison, Grader, ItemResult, Metric, ModelResult, TestedItem

ITEMS_FILE = "items.jsonl"
"""Where the server usually puts the items; `EvaluationSpec.items` says where they are."""
ANSWERS_FILE = "answers.jsonl"
RESULTS_FILE = "results.json"
MAX_ITEMS = 10_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FolderModel(_Part):
    """A Hugging Face folder: a tuned model's, or one of its checkpoints once exported."""

    kind: Literal["folder"] = "folder"
    path: Path


class BaseModelById(_Part):
    """An id of `shared.base_models.CATALOGUE` that has weights, or `local/<folder name>`; prepared on the way where that is possible."""

    kind: Literal["base"] = "base"
    id: str


class UntrainedModel(_Part):
    """What a from-scratch model was before its training: the shape and the vocabulary of the tuned one at `path`, and the noise of the
    job's `seed`."""

    kind: Literal["untrained"] = "untrained"
    path: Path
    seed: int


class ModelToTest(_Part):
    """`id` is the public name, under which the results stand."""

    id: Annotated[str, Field(min_length=1)]
    source: Annotated[FolderModel | BaseModelById | UntrainedModel, Field(discriminator="kind")]


class EvaluationSpec(_Part):
    spec_version: Literal[1] = 1
    evaluation_id: str
    run_id: str
    fence: int = 1
    """As in a `JobSpec`: a later attempt has a higher one."""
    models: Annotated[list[ModelToTest], Field(min_length=1, max_length=9)]
    """The base first, then the tuned ones. One alone is graded without a verdict."""
    items: Path
    """JSON Lines of `shared.wire.testing.TestItem`, at most `MAX_ITEMS`."""
    grader: Grader
    metric: Literal["grade", "expected_loss"] = "grade"
    """What the verdict is on: the grader's value, or the loss on the expected texts."""
    asked_as: Literal["chat", "text"] = "chat"
    """`chat`: a prompt is a user's message in the model's template, as prompts of examples are in training. `text`: it is continued."""
    training_data: list[DataFile] = []
    """What the tuned models learned from; items that stand in it are flagged."""
    max_tokens: Annotated[int, Field(ge=1, le=2048)] = 128
    """Of an answer. Nothing is generated for the graders `score` and `choice`."""
    base_models_folder: Path
    models_folder: Path | None = None
    threads: int | None = None
    num_resamples: Annotated[int, Field(ge=1000, le=100_000)] = 10_000

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len({model.id for model in self.models}) < len(self.models):
            raise ValueError("two models have the same id")
        return self


class AnswerLine(_Part):
    """A line of `answers.jsonl`. `of` is a hash of all that the result depends on: a line that does not fit the spec is not used."""

    model: str
    item: str
    of: str
    result: ItemResult


class EvaluationResults(_Part):
    """`results.json`. `items` are in the order of the items file; `comparisons` are one for each tuned model."""

    evaluation_id: str
    grader: Grader
    metric: Metric
    num_items: int
    num_leaked: int
    models: list[ModelResult]
    comparisons: list[Comparison]
    items: list[TestedItem]
    seconds: float
    """Of the attempt that wrote this; items that an earlier one had done took none of it."""
    versions: dict[str, str]
