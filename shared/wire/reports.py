"""Reports: what was asked, what was done, whether it worked, and how to do it again. Frozen when they are made.

`ReportContent` is the whole of a report; every format is a rendering of it. What was not known, or not asked for, is None and never 0.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.constants import MAX_COMPARED_RUNS, DocumentFormat, JobState, Method, Objective
from shared.wire.base import Answer, Name, Request
from shared.wire.documents import Mapping, Problem
from shared.wire.forecasts import ForecastLine
from shared.wire.jobs import JobError, LogLine, MetricPoint, SampleGeneration
from shared.wire.testing import Comparison, Grader, ItemResult, Leak, Metric, ModelResult

ReportFormat = Literal["html", "pdf", "json", "csv", "markdown"]
Outcome = Literal["improved", "no_change", "regressed", "not_tested", "not_trained"]
"""The verdict of a test on the job's model; `not_tested` where there is a model and no test, `not_trained` where there is no model."""

_Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ReportRequest(Request):
    """`format` is what opens first: every report can be had in every format. Metrics are the curves, logs what the trainer said.

    Without `evaluation_ids` the newest finished test of each job's model is told of; with them those, and with none of them no test.
    """

    name: Name | None = None
    job_ids: Annotated[list[_Id], Field(min_length=1, max_length=MAX_COMPARED_RUNS)]
    format: ReportFormat = "html"
    include_metrics: bool = True
    include_logs: bool = False
    evaluation_ids: Annotated[list[_Id], Field(max_length=4 * MAX_COMPARED_RUNS)] | None = None


class ReportLinkRequest(Request):
    """For an address that a plain browser can be sent to: a download, or with `view` (of `html` alone) the report as a page."""

    format: ReportFormat = "html"
    view: bool = False


class Conclusion(Answer):
    """Did it work? `headline` is a few words, `words` a sentence or two with what they rest on."""

    job_id: str
    job_name: str
    outcome: Outcome
    headline: str
    words: str


class Report(Answer):
    id: str
    object: Literal["report"] = "report"
    name: str
    job_ids: list[str]
    format: ReportFormat
    include_metrics: bool
    include_logs: bool
    conclusions: list[Conclusion]
    size_bytes: int
    """Of the stored content, of which renderings are made when they are asked for."""
    num_shares: int
    """Links that open it now."""
    created_at: datetime


class ShareRequest(Request):
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 30


class ShareLink(Answer):
    """A link that shows the report as a page to whoever has it. The link itself is told once, when it is made."""

    id: str
    object: Literal["share_link"] = "share_link"
    report_id: str
    created_at: datetime
    expires_at: datetime
    expired: bool


class NewShareLink(ShareLink):
    url: str


class ReportedFile(Answer):
    """A document as the run read it. `role`: whether it was trained on or validated on. `missing`: it was deleted before the report
    was made, and nothing more is known of it."""

    document_id: str
    role: Literal["training", "validation"]
    name: str
    filename: str = ""
    format: DocumentFormat | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    num_examples: int | None = None
    num_characters: int | None = None
    charset: str | None = None
    mapping: Mapping | None = None
    leave_out_bad: bool = False
    problems: list[Problem] = []
    num_problems: int = 0
    missing: bool = False


class DataCard(Answer):
    """`content_sha256` is the dataset's: over the bytes, how they are read, and the split. Tokens are of one epoch, as the run counted
    them; `samples` are the first examples as the model saw them, cut short."""

    dataset_id: str
    dataset_name: str | None
    content_sha256: str
    split: str
    files: list[ReportedFile]
    num_examples: int | None
    num_validation_examples: int | None
    num_tokens_per_epoch: int | None
    samples: list[str] = []
    warnings: list[str] = []


class ReportedSetting(Answer):
    """`asked` is what the person set, None for "auto"."""

    name: str
    title: str
    value: float | int | str
    asked: float | int | str | None
    reason: str


class ReportedTraining(Answer):
    """What the run did. Losses are means per trained token, or per preference pair; `points` is None where metrics were left out."""

    num_steps: int | None
    epochs: float | None
    train_loss: float | None
    validation_loss_before: float | None
    validation_loss: float | None
    best_step: int | None
    num_training_tokens: int | None
    tokens_per_s: float | None
    points: list[MetricPoint] | None
    generations: list[SampleGeneration]


class ReportedCost(Answer):
    """Seconds are those of the run; `waited_s` in the queue. Energy and money only where something measured them."""

    seconds: float | None
    waited_s: float | None
    core_seconds: float | None
    peak_memory_bytes: int | None
    energy_wh: float | None = None
    money: float | None = None
    currency: str | None = None


class ReportedEnvironment(Answer):
    """Of the run, as the trainer told it. `versions` are programs and libraries by name."""

    device: str | None
    threads: int | None
    versions: dict[str, str]
    num_parameters: int | None
    num_trainable: int | None
    num_runs: int
    product_version: str
    """Of the server that made the report."""


class Reproduction(Answer):
    """All that it takes to run the training again. `bit_exact` says whether the same loss can be expected to the last bit, `words` why."""

    base_model: str
    method: Method
    objective: Objective = "supervised"
    seed: int | None
    content_sha256: str
    settings: dict[str, float | int | str]
    threads: int | None
    device: str | None
    train_loss: float | None
    validation_loss: float | None
    weights_sha256: str | None
    bit_exact: bool
    words: str
    commands: list[str]


class ReportedItem(Answer):
    """One test item with both answers, cut short. `change` is tuned minus base, in the unit of the metric; None where one has no value."""

    id: str
    label: str
    question: str
    expected: str | None
    expected_score: float | None
    leak: Leak | None
    base: ItemResult | None
    tuned: ItemResult | None
    change: float | None


class ItemValue(Answer):
    """One item's values alone: of every item, so that the whole table can be had as CSV and JSON."""

    id: str
    label: str
    leaked: bool
    base: float | None
    tuned: float | None


class ReportedTest(Answer):
    """A test of the job's model against its base. `best` and `worst` are the items on which it gained and lost most, or was most wrong."""

    evaluation_id: str
    name: str
    grader: Grader
    metric: Metric
    num_items: int
    num_leaked: int
    leakage_checked: bool
    """The items were looked for in the training data."""
    base: ModelResult | None
    tuned: ModelResult | None
    comparison: Comparison | None
    best: list[ReportedItem]
    worst: list[ReportedItem]
    values: list[ItemValue]
    leaks: list[ReportedItem]
    tested_at: datetime | None
    versions: dict[str, str]


class ReportedJob(Answer):
    id: str
    name: str
    note: str
    state: JobState
    error: JobError | None
    base_model: str
    base_model_name: str
    method: Method
    objective: Objective = "supervised"
    tuned_model: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    conclusion: Conclusion
    tests: list[ReportedTest]
    data: DataCard
    settings: list[ReportedSetting]
    training: ReportedTraining
    forecast: list[ForecastLine]
    cost: ReportedCost
    environment: ReportedEnvironment
    reproduction: Reproduction
    log: list[LogLine] | None
    """None where logs were left out of the report."""
    log_is_shortened: bool = False


class ReportContent(Answer):
    """The whole report: what `format=json` gives, and what `scripts/reproduce` reads."""

    object: Literal["report_content"] = "report_content"
    version: Literal[1] = 1
    id: str
    name: str
    created_at: datetime
    include_metrics: bool
    include_logs: bool
    jobs: list[ReportedJob]
