"""The first examples of a document, as pieces that train and pieces that are only read."""

from typing import Any, Final, cast

from pydantic import BaseModel

from shared.reading import Example, shape_of
from shared.rendering import PLAIN_TEMPLATE, segments_of, sides_of
from shared.wire import Preview, PreviewExample, Segment

MAX_TEXT_CHARACTERS: Final = 2_000


class StoredPreview(BaseModel):
    """What is kept of a document for its preview: the first examples, long texts cut."""

    examples: list[dict[str, Any]]


def cut(examples: list[dict[str, Any]]) -> StoredPreview:
    return StoredPreview(examples=[_cut(example) for example in examples])


def shown(stored: StoredPreview, *, num_examples: int, limit: int) -> Preview:
    """Rendered with the plain template; each base model's own template only changes what stands between the pieces."""
    return Preview(num_examples=num_examples, data=[_shown(index, example) for index, example in enumerate(stored.examples[:limit])])


def _shown(index: int, example: dict[str, Any]) -> PreviewExample:
    content = cast(Example, {name: value for name, value in example.items() if name != "cut"})
    segments = [Segment(text=text, trains=trains) for text, trains in segments_of(content, PLAIN_TEMPLATE)]
    rejected = None
    if "preferred" in content:
        rejected = [Segment(text=text, trains=trains) for text, trains in segments_of(sides_of(content)[1], PLAIN_TEMPLATE)]
    return PreviewExample(index=index, shape=shape_of(content), segments=segments, rejected=rejected, truncated=bool(example.get("cut")))


def _cut(example: dict[str, Any]) -> dict[str, Any]:
    was_cut = False

    def short(value: Any) -> Any:
        nonlocal was_cut
        if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
            was_cut = True
            return value[:MAX_TEXT_CHARACTERS]
        if isinstance(value, list):
            was_cut = was_cut or len(value) > 20
            return [short(item) for item in value[:20]]
        if isinstance(value, dict):
            return {name: short(inner) for name, inner in value.items()}
        return value

    result: dict[str, Any] = short(example)
    return result | {"cut": True} if was_cut else result
