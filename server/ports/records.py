"""Small JSON documents under (partition, sort) keys, with versions.

Laws (`tests/contracts/test_records.py` runs them on every adapter):
* `write` is all-or-nothing and durable when it returns. Each change expects absence (0), a version, or anything (None).
* `get` sees every write that returned before it was called.
* `page` is in sort order of UTF-8 bytes, or its reverse, and never repeats or skips a document that was there throughout.
* What a write changes becomes visible document by document: a reader beside it may see one before another, but none of them half, none
  going back, and all of them when the write has returned.
* A document whose `expires_at` is over may be gone or still be there: who reads it looks at its own time.
* Limits are the strictest adapter's and are checked here, in `check`, so that every adapter refuses the same things.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

MAX_DOCUMENT_BYTES: Final = 390 * 1024
"""DynamoDB takes 400 KiB an item, keys and names included."""
MAX_WRITE_BYTES: Final = 3_900_000
"""All documents of one write together; DynamoDB takes 4 MB a transaction, keys and names included."""
MAX_CHANGES: Final = 100
MAX_PARTITION_BYTES: Final = 2048
MAX_SORT_BYTES: Final = 1024
ABSENT: Final = 0

Json = dict[str, Any]


@dataclass(frozen=True)
class Key:
    partition: str
    sort: str


@dataclass(frozen=True)
class Record:
    """`version` is 1 after the first write and rises by one with each."""

    key: Key
    version: int
    data: Json


@dataclass(frozen=True)
class Put:
    """Writes the whole document. `expect`: 0 the key is free, n the version read, None whatever is there.

    `expires_at`, aware: from then on nobody needs the document, and a store may remove it, or not. Only for what names no bytes.
    """

    key: Key
    data: Json
    expect: int | None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Delete:
    """Deleting what is not there is fine with `expect=None`."""

    key: Key
    expect: int | None


Change = Put | Delete


@dataclass(frozen=True)
class Page:
    records: list[Record]
    has_more: bool


class Records(Protocol):
    def get(self, key: Key) -> Record | None: ...

    def page(self, partition: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False) -> Page:
        """Documents of a partition whose sort key begins with `prefix`, beyond `after` (exclusive) in the asked direction."""
        ...

    def write(self, *changes: Change) -> None:
        """Applies all changes or none. Raises `StaleWrite` with the first key whose expectation does not hold, `ValueError` on limits."""
        ...

    def close(self) -> None: ...


def check(changes: Sequence[Change]) -> None:
    """Raises `ValueError` for what some adapter could not store. Every adapter calls it first."""
    if not 0 < len(changes) <= MAX_CHANGES:
        raise ValueError(f"a write takes 1 to {MAX_CHANGES} changes, not {len(changes)}")
    keys = [change.key for change in changes]
    if len(set(keys)) != len(keys):
        raise ValueError("a write names each key once")
    num_bytes = 0
    for change in changes:
        for part, limit in ((change.key.partition, MAX_PARTITION_BYTES), (change.key.sort, MAX_SORT_BYTES)):
            if not 0 < len(part.encode()) <= limit:
                raise ValueError(f"a key part has 1 to {limit} bytes")
        if isinstance(change, Put):
            _check_value(change.data)
            size = len(json.dumps(change.data, ensure_ascii=False).encode())
            if size > MAX_DOCUMENT_BYTES:
                raise ValueError(f"a document has at most {MAX_DOCUMENT_BYTES} bytes")
            num_bytes += size
    if num_bytes > MAX_WRITE_BYTES:
        raise ValueError(f"the documents of a write have at most {MAX_WRITE_BYTES} bytes together")


def _check_value(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a document holds no NaN and no infinity")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ValueError("a document's names are strings")
            _check_value(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner)
    elif value is not None and not isinstance(value, str | int | float | bool):
        raise ValueError(f"a document holds JSON values, not {type(value).__name__}")
