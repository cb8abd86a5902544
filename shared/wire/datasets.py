"""Documents in an order, with their split; and what a base model would see of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.constants import MAX_DOCUMENTS_PER_JOB, Method, Objective, Shape
from shared.wire.base import Answer, Auto, Name, Request
from shared.wire.jobs import Hyperparameters


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
    """Of a preference pair `segments` are the conversation with the preferred answer, `rejected` the same with the other one."""

    index: int
    shape: Shape
    segments: list[Segment]
    rejected: list[Segment] | None = None
    truncated: bool = False


class Preview(Answer):
    object: Literal["preview"] = "preview"
    num_examples: int
    data: list[PreviewExample]


class LookRequest(Request):
    """The part of a `JobRequest` that decides what its model would see, so that a look is one at the very job that would start."""

    base_model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    document_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS_PER_JOB)] | None = None
    method: Method | Auto = "auto"
    objective: Objective | Auto = "auto"
    hyperparameters: Hyperparameters = Hyperparameters()


class Token(Answer):
    """`special` tokens are no text of the user's: they mark turns and ends."""

    id: int
    text: str
    trains: bool
    special: bool = False


class TokenizedExample(Answer):
    """`num_tokens` counts all of them; at most 400 are listed. Where pairs are learned from, `tokens` are those of the preferred answer
    with all before it, and `rejected` those of the other."""

    index: int
    tokens: list[Token]
    num_tokens: int
    rejected: list[Token] | None = None
    num_rejected_tokens: int | None = None


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


class LookSample(Answer):
    """Data too large to be tokenised while somebody waits: every `every`-th example was, `num_examples` of them.

    Of the sample are then the histogram, `longest`, `num_longer_than_block`, `num_all_masked` and the near duplicates, also those among the
    leaked. `num_tokens`, `num_trained_tokens` and `num_steps` are estimates for all of the data. The rest is counted on all of it.
    """

    num_examples: int
    every: int
    duplicates_estimated: bool
    """There are so many examples that also those said twice word for word were counted on a part of them."""


class LookBlocks(Answer):
    """The blocks that training would read in one epoch. Rows are tokens that are read; `num_opening` of each batch are read once for all
    its documents and stand in no other number. `num_pairs` is the sum over documents of half their length squared."""

    num_blocks: int
    num_documents: int
    num_rows: int
    num_trained_rows: int
    num_pairs: int
    num_opening: int


class Look(Answer):
    """What a base model would see of the data: exact tokens of the first examples, and counts over all of them or a sample."""

    object: Literal["look"] = "look"
    base_model: str
    sample: LookSample | None = None
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
    blocks: LookBlocks | None = None
    blockers: list[Blocker]
