"""Typed, owner-scoped documents over the records port: one small class for every collection of the product.

Reading somebody else's document cannot be expressed: every call takes the owner, and the owner is part of the key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from server.domain import keys
from server.errors import NotFound, StaleWrite
from server.ports.records import ABSENT, Delete, Put, Records

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")
_TRIES: Final = 8


@dataclass(frozen=True)
class Stored(Generic[T]):
    """A value and the version that a later write must expect."""

    value: T
    version: int


@dataclass(frozen=True)
class Slice(Generic[T]):
    items: list[T]
    has_more: bool


class Collection(Generic[T]):
    """`kind` is the word in the key, `noun` the word in messages. Ids are time-ordered, so the newest come first in a listing."""

    def __init__(self, records: Records, model: type[T], *, kind: str, noun: str) -> None:
        self._records = records
        self._model = model
        self._kind = kind
        self._noun = noun

    def get(self, owner: str, object_id: str) -> Stored[T]:
        """Raises `NotFound`, also for an id that is no id at all."""
        found = self._records.get(keys.owned(owner, self._kind, object_id)) if _is_id(object_id) else None
        if found is None:
            raise NotFound(f"There is no {self._noun} {object_id[:100]!r} here. It may have been deleted.", code=f"{self._kind}.not_found")
        return Stored(self._model.model_validate(found.data), found.version)

    def page(self, owner: str, *, limit: int, after: str | None = None) -> Slice[T]:
        """Newest first. `after` is the id of the last item seen."""
        prefix = keys.collection_prefix(self._kind)
        page = self._records.page(
            keys.collection_partition(owner),
            prefix=prefix,
            after=None if after is None else prefix + after,
            limit=limit,
            newest_first=True,
        )
        return Slice([self._model.model_validate(record.data) for record in page.records], page.has_more)

    def adding(self, owner: str, object_id: str, value: T) -> Put:
        """The change that stores a new document; part of a `write`."""
        return Put(keys.owned(owner, self._kind, object_id), value.model_dump(mode="json"), ABSENT)

    def replacing(self, owner: str, object_id: str, value: T, *, version: int) -> Put:
        return Put(keys.owned(owner, self._kind, object_id), value.model_dump(mode="json"), version)

    def removing(self, owner: str, object_id: str, *, version: int) -> Delete:
        return Delete(keys.owned(owner, self._kind, object_id), version)

    def write(self, *changes: Put | Delete) -> None:
        self._records.write(*changes)


def retrying(attempt: Callable[[], R]) -> R:
    """Runs a read-then-write again when somebody else wrote in between; gives up with `StaleWrite` after eight tries."""
    for _ in range(_TRIES - 1):
        try:
            return attempt()
        except StaleWrite:
            continue
    return attempt()


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isprintable()
