"""Listings as OpenAI's clients page through them."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from shared.wire.openai.base import PageOf
from shared.wire.openai.files import FileObject
from shared.wire.openai.jobs import FineTuningJob, JobCheckpoint, JobEvent

After = Annotated[str | None, Query(max_length=200)]
T = TypeVar("T", FileObject, FineTuningJob, JobEvent, JobCheckpoint)


def page_of(found: tuple[Sequence[T], bool], *, nothing: str | None = None) -> PageOf[T]:
    """`nothing` stands for the ids of an empty page."""
    items, has_more = found
    first, last = (items[0].id, items[-1].id) if items else (nothing, nothing)
    return PageOf(data=list(items), first_id=first, last_id=last, has_more=has_more)
