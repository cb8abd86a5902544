"""Bytes under names. The record that names a blob is written after it, and deleted before it.

Laws (`tests/contracts/test_blobs.py`): a blob is visible whole or not at all, also after a crash; `put` takes any size in constant memory
and replaces what was there; `open` gives exactly the bytes asked for; deleting what is not there is fine.
Keys are made by `domain/keys.py`, never from a user's words: segments of letters, digits, `.`, `_`, `-` and `:`, joined by `/`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from urllib.parse import quote

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,199}")


@dataclass(frozen=True)
class BlobStat:
    """What `put` saw go by. The caller keeps it in the record that names the blob."""

    size_bytes: int
    sha256: str


class Blobs(Protocol):
    def put(self, key: str, source: BinaryIO) -> BlobStat:
        """Stores everything that `source` still has. Raises `StorageFull`; nothing is left behind then."""
        ...

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Chunks of bytes [start, end). Raises `NotFound` at the call, not at the first chunk."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes of the blob; None when there is none."""
        ...

    def delete(self, key: str) -> None: ...

    def link(self, key: str, *, filename: str, expires_s: int) -> str | None:
        """An address that gives the blob to whoever has it, as an attachment, for so long; None when only we can give it. Make one only
        for who may have the blob, and only of a blob that is there."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the bytes lie on this machine, for a program that reads them in place; None when they lie elsewhere."""
        ...


def check_key(key: str) -> None:
    """Raises `ValueError` for a key that could leave the store's folder or mean two things."""
    if not key or any(not _SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise ValueError(f"not a blob key: {key!r}")


def attachment(filename: str) -> str:
    """`Content-Disposition` for a download, with a plain name for old clients and the true one for all others (RFC 6266)."""
    plain = "".join(character if character.isascii() and (character.isalnum() or character in "._- ") else "_" for character in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
