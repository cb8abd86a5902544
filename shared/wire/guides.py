"""Training guides: prose to read, and scored items to learn scoring from, which a person may correct."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.wire.base import Answer, Name, Note, Request
from shared.wire.datasets import Split, SplitByFraction
from shared.wire.test_sets import Id, Score

ItemText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]


class Guide(Answer):
    """`num_scored_items` counts those that will be trained on, `num_dropped` those that were taken out by hand.

    `lowest_score`, `highest_score` and `score_step` are those of the items, None where there are none.
    """

    id: str
    object: Literal["training_guide"] = "training_guide"
    name: str
    description: str
    document_id: str
    filename: str
    format: str
    num_characters: int
    num_passages: int
    num_scored_items: int
    num_dropped: int
    num_corrected: int
    lowest_score: float | None
    highest_score: float | None
    score_step: float | None
    warnings: list[str]
    size_bytes: int
    created_at: datetime


class GuidePatch(Request):
    name: Name | None = None
    description: Note | None = None


class GuidePassage(Answer):
    """A piece of the guide's prose as it is trained on."""

    id: str
    object: Literal["guide_passage"] = "guide_passage"
    position: int
    text: str


class ScoredItem(Answer):
    """Something that was scored, and its score; `out_of` is the highest possible one where the guide says it. `place` is where it was
    found, in words. `prompt` and `completion` are what it becomes in training.

    `found_text` and `found_score` are what the guide says, where that was corrected; None for an item that was added by hand.
    """

    id: str
    object: Literal["scored_item"] = "scored_item"
    text: str
    score: float
    out_of: float | None
    place: str
    origin: Literal["found", "added"]
    dropped: bool
    corrected: bool
    found_text: str | None
    found_score: float | None
    prompt: str
    completion: str


class ScoredItemRequest(Request):
    """An item that the guide was not seen to hold."""

    text: ItemText
    score: Score
    out_of: Score | None = None


class ScoredItemPatch(Request):
    """A correction. A dropped item is not trained on; it stays in the list and can be taken back."""

    text: ItemText | None = None
    score: Score | None = None
    out_of: Score | None = None
    dropped: bool | None = None


class GuideDatasetRequest(Request):
    """A dataset of the prose and of the scored items of these guides, and of other documents behind them."""

    guide_ids: Annotated[list[Id], Field(min_length=1, max_length=20)]
    document_ids: Annotated[list[Id], Field(max_length=30)] = []
    name: Name | None = None
    split: Split = SplitByFraction()


class TrainingJobRequest(Request):
    """The guided workflow's job. Give either a `dataset_id`, or `guides`, `document_ids` or both, of which a dataset is made by itself.
    What is left out of the settings is chosen."""

    name: Name | None = None
    dataset_id: Id | None = None
    guides: Annotated[list[Id], Field(min_length=1, max_length=20)] | None = None
    document_ids: Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    model: Id
    epochs: Annotated[float, Field(gt=0, le=1000)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=256)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    test_set_id: Id | None = None


class TrainingDatasetRequest(Request):
    """The guided workflow's dataset: of documents, of guides, or of both (then at most 30 documents)."""

    name: Name | None = None
    document_ids: Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    guides: Annotated[list[Id], Field(min_length=1, max_length=20)] | None = None
