"""What models are tested with, and one run of it: submissions, test sets, evaluations. Graders and results are in `testing`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.wire.base import Answer, Name, Request
from shared.wire.jobs import JobError
from shared.wire.testing import Comparison, Grader, ItemResult, Leak, Metric, ModelResult, TestItem

MAX_SUBMISSIONS = 1_000
MAX_TESTED_MODELS = 8

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ExpectedText = Annotated[str, StringConstraints(max_length=100_000)]
Score = Annotated[float, Field(ge=-1e9, le=1e9)]
VerdictOn = Literal["grade", "expected_loss"]
Asking = Literal["chat", "text"]
EvaluationState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ItemOrder = Literal["given", "best", "worst"]


class TestSubmission(Answer):
    """A document with what is expected of a model that reads it: a score, an answer, or both. `beginning` is that of its text."""

    __test__ = False  # pytest collects classes by this name

    id: str
    object: Literal["test_submission"] = "test_submission"
    name: str
    document_id: str
    filename: str
    expected: str | None
    expected_score: float | None
    num_characters: int
    beginning: str
    created_at: datetime


class TestSubmissionPatch(Request):
    """A field that is sent as null is taken away."""

    __test__ = False

    name: Name | None = None
    expected: ExpectedText | None = None
    expected_score: Score | None = None


class TestColumns(Request):
    """Which column of a table plays which part. `input` is read after the prompt, a blank line between them."""

    __test__ = False

    prompt: ColumnName
    input: ColumnName | None = None
    expected: ColumnName | None = None
    expected_score: ColumnName | None = None
    label: ColumnName | None = None


class HoldBack(Request):
    """So many examples of a document, chosen by `seed`, become tests. What is left becomes a document of its own, to be trained on."""

    document_id: Id
    num_items: Annotated[int, Field(ge=1, le=10_000)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class TestSetRequest(Request):
    """Give exactly one of `submission_ids`, `document_id` and `hold_back`. What is left out is found: the columns by their names, the
    grader by what is expected.

    `prompt_form` "for_score" puts the question for a score behind every prompt, as training on a guide does; "as_given" leaves prompts as
    they are. Left out, it is "for_score" where a score is expected of submissions or of a column that holds texts.
    """

    __test__ = False

    name: Name | None = None
    submission_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_SUBMISSIONS)] | None = None
    document_id: Id | None = None
    columns: TestColumns | None = None
    hold_back: HoldBack | None = None
    grader: Grader | None = None
    verdict_on: VerdictOn = "grade"
    asked_as: Asking = "chat"
    prompt_form: Literal["as_given", "for_score"] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=2048)] = 128


class TestSetPatch(Request):
    """Only the name: another grader makes another test, which is another test set."""

    __test__ = False

    name: Name


class TestSetPlan(Answer):
    """What a test set is, or would be. `grader_reason` says in a line why this grader, where it was not asked for; `warnings` are for
    people."""

    __test__ = False

    grader: Grader
    grader_reason: str | None
    verdict_on: VerdictOn
    asked_as: Asking
    prompt_form: Literal["as_given", "for_score"]
    max_tokens: int
    columns: TestColumns | None
    num_items: int
    num_characters: int
    warnings: list[str]


class TestSetPreview(TestSetPlan):
    """What a request would make, with its first items. `available_columns` are those of the document."""

    object: Literal["test_set_preview"] = "test_set_preview"
    available_columns: list[str]
    items: list[TestItem]


class TestSet(TestSetPlan):
    """Items and how their answers are graded; never changed once made. `content_sha256` is over both.

    `training_document_id`: what a document was left with, when items were kept back from it.
    """

    id: str
    object: Literal["test_set"] = "test_set"
    name: str
    source: Literal["submissions", "document", "hold_back"]
    submission_ids: list[str]
    document_id: str | None
    training_document_id: str | None
    size_bytes: int
    content_sha256: str
    created_at: datetime


class EvaluationRequest(Request):
    """Runs a test set over tuned models and, by itself, over the base of the first one; verdicts are against that base."""

    name: Name | None = None
    test_set_id: Id
    tuned_model_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_TESTED_MODELS)]


class EvaluationProgress(Answer):
    """`done` of `total` answers of all models together. `stage` is what goes on, in words."""

    stage: str
    done: int = 0
    total: int | None = None
    eta_s: float | None = None
    updated_at: datetime | None = None


class EvaluationSummary(Answer):
    """What came out, without the items. `comparisons` are one for each tuned model, in their order; `models` begin with the base.

    `leakage_checked`: the items were looked for in the training data. False where that is not there any more.
    """

    metric: Metric
    num_items: int
    num_leaked: int
    leakage_checked: bool
    models: list[ModelResult]
    comparisons: list[Comparison]
    seconds: float
    versions: dict[str, str]


class Evaluation(Answer):
    """One run of a test set. `job_id`: the job whose end started it by itself. `queue_position`: evaluations before it, and this one."""

    id: str
    object: Literal["evaluation"] = "evaluation"
    name: str
    state: EvaluationState
    test_set_id: str
    test_set_name: str
    base_model: str
    tuned_model_ids: list[str]
    job_id: str | None
    grader: Grader
    num_items: int
    queue_position: int | None
    stopping: bool
    progress: EvaluationProgress | None
    results: EvaluationSummary | None
    error: JobError | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class EvaluatedItem(Answer):
    """An item with what every model made of it; `results` are in the order of the evaluation's models. Long prompts are cut.

    `change`: how much better (worse, where negative) than the base the tuned model was that the list is about; None where one of the two
    could not be graded. `position` is the item's place in the test set, from 0.
    """

    id: str
    object: Literal["evaluated_item"] = "evaluated_item"
    position: int
    label: str
    prompt: str
    prompt_cut: bool
    expected: str | None
    expected_score: float | None
    leak: Leak | None
    change: float | None
    results: list[ItemResult]
