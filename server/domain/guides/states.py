"""A guide as it is stored, and its scored items with what was corrected by hand."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from server.domain.testing.choosing import scale_of
from shared.score_question import score_completion, score_prompt
from shared.wire import Guide, ScoredItem


class StoredItem(BaseModel):
    """`text` and `score` are what is trained on; `found_text` and `found_score` what the guide says, None of an item added by hand."""

    id: str
    text: str
    score: float
    out_of: float | None = None
    place: str = ""
    found_text: str | None = None
    found_score: float | None = None
    dropped: bool = False

    @property
    def added(self) -> bool:
        return self.found_text is None

    @property
    def corrected(self) -> bool:
        return not self.added and (self.text != self.found_text or self.score != self.found_score)

    def shown(self) -> ScoredItem:
        return ScoredItem(
            id=self.id,
            text=self.text,
            score=self.score,
            out_of=self.out_of,
            place=self.place,
            origin="added" if self.added else "found",
            dropped=self.dropped,
            corrected=self.corrected,
            found_text=self.found_text,
            found_score=self.found_score,
            prompt=score_prompt(self.text),
            completion=score_completion(self.score),
        )


class StoredGuide(BaseModel):
    """`edition` names the blob with the items as they are now: a correction writes another and then this. `made_document_id` is what
    is trained on: the prose, and the items of `made_edition` as examples. A guide without items is trained on as it is."""

    id: str
    name: str
    description: str
    document_id: str
    filename: str
    format: str
    num_characters: int
    num_passages: int
    edition: str
    num_scored_items: int = 0
    num_dropped: int = 0
    num_corrected: int = 0
    lowest_score: float | None = None
    highest_score: float | None = None
    score_step: float | None = None
    warnings: list[str] = []
    passages_bytes: int
    items_bytes: int
    size_bytes: int
    made_document_id: str | None = None
    made_edition: str | None = None
    created_at: datetime

    @property
    def holds_items(self) -> bool:
        return self.num_scored_items + self.num_dropped > 0

    def shown(self) -> Guide:
        return Guide(**{name: getattr(self, name) for name in Guide.model_fields if name != "object"})


def counted(items: Sequence[StoredItem]) -> dict[str, object]:
    """What a guide says of its items."""
    kept = [item for item in items if not item.dropped]
    scale = scale_of([*(item.score for item in kept), *(item.out_of for item in kept if item.out_of is not None)]) if kept else None
    limits = sorted({item.out_of for item in kept if item.out_of is not None})
    warnings = []
    if len(limits) > 1:
        told = ", ".join(f"{limit:g}" for limit in limits[:5])
        warnings.append(f"Scores are out of different numbers of points ({told}). Correct them to one scale, or drop some.")
    return {
        "num_scored_items": len(kept),
        "num_dropped": len(items) - len(kept),
        "num_corrected": sum(item.corrected or item.added for item in items),
        "lowest_score": None if scale is None else scale.lowest,
        "highest_score": None if scale is None else scale.highest,
        "score_step": None if scale is None else scale.step,
        "warnings": warnings,
    }
