"""Every request and answer of the HTTP API, as pydantic models. Both `openapi.json` and the page's types are generated from here.

Times are aware UTC in ISO 8601. Sizes are bytes, durations seconds. Requests refuse unknown fields.
"""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.constants import (
    MAX_DOCUMENTS_PER_JOB,
    MAX_NAME_CHARACTERS,
    MAX_NOTE_CHARACTERS,
    Availability,
    DocumentFormat,
    DocumentStatus,
    DocumentType,
    JobState,
    Method,
    Scheduler,
    Shape,
)

T = TypeVar("T")
Auto = Literal["auto"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_CHARACTERS)]
Note = Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARACTERS)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListOf(Answer, Generic[T]):
    """One page of a collection, newest first. The next page is asked for with `after=<id of the last item>`."""

    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool = False


class Deleted(Answer):
    id: str
    object: Literal["deleted"] = "deleted"
    deleted: Literal[True] = True


# --- errors ---------------------------------------------------------------------------------------------------------


class ErrorDetail(Answer):
    """One place of what is wrong: a field by its dotted `param`, or a line of a file."""

    message: str
    param: str | None = None
    line: int | None = None


class ErrorInfo(Answer):
    message: str
    type: str
    param: str | None = None
    code: str | None = None
    details: list[ErrorDetail] = []


class ErrorBody(Answer):
    """The one shape of every error, on every route."""

    error: ErrorInfo


# --- accounts -------------------------------------------------------------------------------------------------------


class Credentials(Request):
    """E-mail and password, for `register` and `login`. Their rules are the accounts domain's, so that every refusal names its field."""

    email: Annotated[str, StringConstraints(max_length=320)]
    password: Annotated[str, StringConstraints(max_length=1024)]


class User(Answer):
    id: str
    object: Literal["user"] = "user"
    email: str
    created_at: datetime


class Session(Answer):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    user: User


# --- what this installation offers ------------------------------------------------------------------------------------


class Sample(Answer):
    """A data set that comes with the product. `POST /api/samples/{id}` puts a copy among the user's documents."""

    id: str
    object: Literal["sample"] = "sample"
    name: str
    description: str
    filename: str
    size_bytes: int
    suggested_base_model: str


class Installation(Answer):
    """What the sign-in and upload screens need to know before anybody has signed in."""

    object: Literal["installation"] = "installation"
    version: str
    google_sign_in: bool
    max_upload_bytes: int
    accepted_suffixes: list[str]
    min_password_characters: int


# --- documents ------------------------------------------------------------------------------------------------------


class Problem(Answer):
    """Something a reader noticed in a file: where (a line, a page, a file inside a ZIP), and what to do about it."""

    line: int | None = None
    page: int | None = None
    member: str | None = None
    message: str
    fix: str = ""


class Column(Answer):
    """A column of tabular data, or a key of JSON objects, with what it first holds (cut to 200 characters)."""

    name: str
    example: str


class Mapping(Request):
    """Which column plays which part. Roles by shape: `text`: text; `prompt_completion`: prompt, completion, perhaps input;
    `messages`: messages; `preference`: preferred, rejected, perhaps prompt and input."""

    shape: Shape
    columns: Annotated[dict[str, Annotated[str, StringConstraints(min_length=1, max_length=500)]], Field(min_length=1, max_length=4)]


class Document(Answer):
    id: str
    object: Literal["document"] = "document"
    type: DocumentType
    name: str
    description: str
    filename: str
    format: DocumentFormat
    format_basis: str
    charset: str
    charset_basis: str
    status: DocumentStatus
    columns: list[Column]
    mapping: Mapping | None
    leave_out_bad: bool
    shapes: dict[Shape, int]
    num_examples: int
    num_characters: int
    size_bytes: int
    sha256: str
    warnings: list[Problem]
    num_problems: int
    has_text: bool
    duplicate_of: str | None
    created_at: datetime


class ReadingOptions(Request):
    """How a file is to be read, where what was detected is not meant. `leave_out_bad` keeps the good rows of a file with bad ones."""

    format: DocumentFormat | None = None
    charset: Annotated[str, StringConstraints(max_length=40)] | None = None
    mapping: Mapping | None = None
    leave_out_bad: bool = False


class DocumentPatch(Request):
    """`reading` has the file read again, as a whole, in another way."""

    name: Name | None = None
    description: Note | None = None
    reading: ReadingOptions | None = None


class UploadRequest(Request):
    """Announces a file that will come in parts, so that a lost connection or a reload loses nothing."""

    filename: Annotated[str, StringConstraints(max_length=1000)]
    size_bytes: Annotated[int, Field(ge=1)]
    type: DocumentType = "dataset"
    name: Name | None = None
    description: Note = ""


class Upload(Answer):
    """A file on its way. Parts are numbered from 1; each but the last has `part_size_bytes`. `received` are those that are safe here."""

    id: str
    object: Literal["upload"] = "upload"
    filename: str
    size_bytes: int
    part_size_bytes: int
    received: list[int]
    created_at: datetime
    expires_at: datetime


class Usage(Answer):
    object: Literal["usage"] = "usage"
    storage_bytes: int
    quota_bytes: int


class SplitByFraction(Request):
    kind: Literal["fraction"] = "fraction"
    fraction: Annotated[float, Field(ge=0, le=0.5)] | Auto = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**31)] | Auto = "auto"


class SplitByDocument(Request):
    """Validation on a document of its own, and training on all of the others."""

    kind: Literal["document"] = "document"
    document_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]


Split = Annotated[SplitByFraction | SplitByDocument, Field(discriminator="kind")]


class DatasetRequest(Request):
    name: Name | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)]
    split: Split = SplitByFraction()


class Dataset(Answer):
    """Documents in an order, with their split. `content_sha256` is over the documents' bytes, how they are read, and the split."""

    id: str
    object: Literal["dataset"] = "dataset"
    name: str
    document_ids: list[str]
    split: Split
    num_examples: int
    num_characters: int
    content_sha256: str
    created_at: datetime


class Segment(Answer):
    """A piece of an example. `trains` says whether the model learns to produce it or only reads it."""

    text: str
    trains: bool


class PreviewExample(Answer):
    index: int
    shape: Shape
    segments: list[Segment]
    truncated: bool = False


class Preview(Answer):
    object: Literal["preview"] = "preview"
    num_examples: int
    data: list[PreviewExample]


class LookRequest(Request):
    """Exactly one of `dataset_id` and `document_ids`."""

    base_model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)] | None = None
    block_size: Annotated[int, Field(ge=16, le=131_072)] | Auto = "auto"


class Token(Answer):
    """`special` tokens are no text of the user's: they mark turns and ends."""

    id: int
    text: str
    trains: bool
    special: bool = False


class TokenizedExample(Answer):
    """`num_tokens` counts all of them; at most 400 are listed."""

    index: int
    tokens: list[Token]
    num_tokens: int


class HistogramBin(Answer):
    """Examples with `low` to `high` tokens, both included."""

    low: int
    high: int
    count: int


class Pair(Answer):
    """Two examples that are the same or nearly so, by their places in the data."""

    first: int
    second: int
    similarity: float


class PersonalData(Answer):
    """How many examples seem to hold each kind. Counted, never blocked, never shown."""

    emails: int
    phones: int
    cards: int


class Blocker(Answer):
    """Why a run would be pointless. It starts only with `allow_short_run`."""

    code: Literal["all_masked", "few_steps"]
    message: str


class Look(Answer):
    """What a base model would see of the data: exact tokens of the first examples, and counts over all of them."""

    object: Literal["look"] = "look"
    base_model: str
    num_examples: int
    num_validation_examples: int
    num_tokens: int
    num_trained_tokens: int
    longest: int
    num_longer_than_block: int
    num_empty: int
    num_all_masked: int
    histogram: list[HistogramBin]
    examples: list[TokenizedExample]
    num_exact_duplicates: int
    num_near_duplicates: int
    duplicates: list[Pair]
    num_leaked: int
    leaked: list[Pair]
    personal_data: PersonalData
    num_steps: int
    blockers: list[Blocker]


# --- models ---------------------------------------------------------------------------------------------------------


class BaseModelInfo(Answer):
    id: str
    object: Literal["base_model"] = "base_model"
    name: str
    description: str
    num_parameters: int
    context_length: int
    license: str
    size_bytes: int
    memory_bytes: int
    from_scratch: bool
    chat: bool
    methods: list[Method]
    availability: Availability
    availability_reason: str | None = None


class TunedModel(Answer):
    id: str
    object: Literal["tuned_model"] = "tuned_model"
    name: str
    base_model: str
    method: Method
    job_id: str
    chat: bool
    num_parameters: int
    size_bytes: int
    validation_loss_before: float | None
    validation_loss: float | None
    num_training_tokens: int
    created_at: datetime


class Message(Request):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=100_000)]


class GenerateRequest(Request):
    """Exactly one of `prompt` (continued as it is) and `messages` (through the model's chat template). Temperature 0 is greedy."""

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=2048)] = 128
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Generation(Answer):
    object: Literal["generation"] = "generation"
    model: str
    text: str
    token_ids: list[int]
    num_prompt_tokens: int
    num_tokens: int
    finish_reason: Literal["stop", "length"]
    seconds: float


# --- jobs -----------------------------------------------------------------------------------------------------------


class Hyperparameters(Request):
    """What a person may set. Everything left at "auto" is resolved by `shared.auto_settings`, with a reason."""

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


class Resolved(Answer):
    """The value a run uses, and one line of why."""

    value: float | int | str
    reason: str


class JobRequest(Request):
    """A request to tune, on a dataset or on documents, of which one is then made. `method` "auto" is `scratch` for a from-scratch
    base and `lora` otherwise."""

    name: Name | None = None
    note: Note = ""
    base_model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)] | None = None
    method: Method | Auto = "auto"
    hyperparameters: Hyperparameters = Hyperparameters()
    allow_short_run: bool = False
    """Start also what would take fewer than 10 optimizer steps, or could learn nothing."""


class JobPatch(Request):
    name: Name | None = None
    note: Note | None = None


class Progress(Answer):
    """Where a run is now. `stage` is what it is doing in words; `stage_fraction` is 0 to 1 where that can be known."""

    stage: str
    stage_fraction: float | None = None
    step: int = 0
    num_steps: int | None = None
    epoch: float = 0.0
    loss: float | None = None
    validation_loss: float | None = None
    tokens_per_s: float | None = None
    eta_s: float | None = None
    updated_at: datetime | None = None


class JobError(Answer):
    """Why a job failed, for a person: what happened, the likely cause, what to do next."""

    code: str
    message: str
    cause: str
    fix: str


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
    hyperparameters: Hyperparameters
    resolved: dict[str, Resolved]
    progress: Progress | None
    queue_position: int | None
    error: JobError | None
    tuned_model: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Forecast(Answer):
    """What a job request would do. Seconds are null until a run of this base and method has been measured on this machine."""

    object: Literal["forecast"] = "forecast"
    method: Method
    resolved: dict[str, Resolved]
    num_examples: int
    num_training_tokens: int
    num_steps: int
    seconds_low: float | None
    seconds_high: float | None
    memory_bytes: int
    disk_bytes: int
    basis: str


class LogLine(Answer):
    """`cursor` is the position after this line: asking with `after=<cursor>` gives the lines that follow."""

    cursor: int
    at: datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str


class LogPage(Answer):
    object: Literal["log"] = "log"
    lines: list[LogLine]
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
    next: int


class DownloadLink(Answer):
    """An address that a browser can be sent to without a header. It holds for `expires_in` seconds."""

    url: str
    expires_in: int
