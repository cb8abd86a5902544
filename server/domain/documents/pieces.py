"""Files that come in pieces of any size, put together in the order that is told at the end, as OpenAI's clients send them.

A piece is a blob before a record names it. What was completed is remembered until it would have run out, so that who did not hear the
answer gets it again.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO, Final, Literal

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.documents.service import Documents
from server.errors import Conflict, InvalidInput, StaleWrite
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Records

MAX_PIECE_BYTES: Final = 64 * 1024**2
_LIFETIME: Final = timedelta(hours=1)
_LONGEST_READING: Final = timedelta(minutes=10)
_MAX_PIECES: Final = 2_000
"""All of them stand in one record."""
_AT_ONCE: Final = 50


class Piece(BaseModel):
    id: str
    size_bytes: int
    created_at: datetime


class StoredPieces(BaseModel):
    """`held_bytes` counts in its owner's usage: what was announced, until a document has it."""

    id: str
    filename: str
    size_bytes: int
    held_bytes: int
    created_at: datetime
    expires_at: datetime
    file_expires_after_s: int | None
    pieces: list[Piece] = []
    state: Literal["pending", "completed", "cancelled"] = "pending"
    document_id: str | None = None
    reading_since: datetime | None = None


class Pieces:
    def __init__(self, records: Records, blobs: Blobs, clock: Clock, documents: Documents) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._documents = documents
        self._uploads = Collection(records, StoredPieces, kind="pieces", noun="upload")

    def open(self, owner: str, *, filename: str, size_bytes: int, file_expires_after_s: int | None) -> StoredPieces:
        """Announces a file of this size. Those that ran out are removed by the way."""
        self._sweep(owner)
        self._documents.room.check(owner, size_bytes)
        now = self._clock.now()
        upload = StoredPieces(
            id=self._clock.new_id("upl"),
            filename=filename,
            size_bytes=size_bytes,
            held_bytes=size_bytes,
            created_at=now,
            expires_at=now + _LIFETIME,
            file_expires_after_s=file_expires_after_s,
        )
        self._records.write(self._uploads.adding(owner, upload.id, upload))
        return upload

    def add(self, owner: str, upload_id: str, source: BinaryIO) -> Piece:
        """Stores a piece. Raises `InvalidInput` for one that makes more than was announced."""
        self._pending(self._uploads.get(owner, upload_id).value)
        piece_id, now = self._clock.new_id("prt"), self._clock.now()
        stat = self._blobs.put(keys.piece_blob(owner, upload_id, piece_id), source)
        piece = Piece(id=piece_id, size_bytes=stat.size_bytes, created_at=now)

        def with_piece(upload: StoredPieces) -> StoredPieces:
            self._pending(upload)
            if sum(one.size_bytes for one in upload.pieces) + piece.size_bytes > 2 * upload.size_bytes or len(upload.pieces) == _MAX_PIECES:
                raise InvalidInput(
                    f"More has come than the {upload.size_bytes} bytes that were announced, or more than {_MAX_PIECES} parts.",
                    code="uploads.wrong_size",
                    param="data",
                )
            return upload.model_copy(update={"pieces": [*upload.pieces, piece]})

        try:
            self._change(owner, upload_id, with_piece)
        except BaseException:
            self._blobs.delete(keys.piece_blob(owner, upload_id, piece_id))
            raise
        return piece

    def complete(self, owner: str, upload_id: str, piece_ids: Sequence[str], *, md5: str | None) -> StoredPieces:
        """Makes a document of these pieces, in this order. Asked again it answers the same. Raises `InvalidInput` when they are not what
        was announced, `RefusedFile` when nothing can be trained on it; the pieces stay then."""
        stored = self._uploads.get(owner, upload_id)
        if stored.value.state == "completed":
            return stored.value
        upload = stored.value
        self._pending(upload)
        self._check(upload, piece_ids)
        self._claim(owner, stored)
        try:
            with self._whole(owner, upload, piece_ids) as (file, digest):
                if md5 is not None and md5.strip().lower() != digest:
                    raise InvalidInput(f"The MD5 of what came is {digest}, not {md5[:40]}.", code="uploads.wrong_sum", param="md5")
                after = None if upload.file_expires_after_s is None else timedelta(seconds=upload.file_expires_after_s)
                document = self._documents.add(
                    owner, file, filename=upload.filename, announced_bytes=upload.size_bytes, expires_after=after
                )
        except BaseException:
            self._change(owner, upload_id, lambda one: one.model_copy(update={"reading_since": None}))
            raise
        done = {"state": "completed", "document_id": document.id, "held_bytes": 0, "reading_since": None, "pieces": []}
        completed = self._change(owner, upload_id, lambda one: one.model_copy(update=done))
        self._delete_bytes(owner, upload)
        return completed

    def cancel(self, owner: str, upload_id: str) -> StoredPieces:
        """Asked again it answers the same."""
        before = self._uploads.get(owner, upload_id).value
        if before.state == "cancelled":
            return before
        self._pending(before)

        def cancelled(upload: StoredPieces) -> StoredPieces:
            self._pending(upload)
            return upload.model_copy(update={"state": "cancelled", "held_bytes": 0, "pieces": []})

        after = self._change(owner, upload_id, cancelled)
        self._delete_bytes(owner, before)
        return after

    def remove_some(self, owner: str) -> bool:
        """Removes up to fifty with their bytes, whatever their state. False when there are none."""
        some = self._uploads.page(owner, limit=_AT_ONCE).items
        for one in some:
            self._remove(owner, one)
        return bool(some)

    def _pending(self, upload: StoredPieces) -> None:
        if upload.state != "pending":
            raise Conflict(f"This upload is {upload.state}.", code="uploads.not_pending")
        if upload.expires_at <= self._clock.now():
            raise Conflict("This upload has expired: an hour has gone since it was announced. Start it again.", code="uploads.not_pending")

    def _check(self, upload: StoredPieces, piece_ids: Sequence[str]) -> None:
        sizes = {piece.id: piece.size_bytes for piece in upload.pieces}
        for piece_id in piece_ids:
            if piece_id not in sizes:
                raise InvalidInput("There is no such part of this upload.", code="uploads.no_such_part", param="part_ids")
        if len(set(piece_ids)) != len(piece_ids):
            raise InvalidInput("A part is named twice.", code="uploads.no_such_part", param="part_ids")
        came = sum(sizes[piece_id] for piece_id in piece_ids)
        if came != upload.size_bytes:
            raise InvalidInput(
                f"These parts have {came} bytes together; {upload.size_bytes} were announced.", code="uploads.wrong_size", param="part_ids"
            )

    def _claim(self, owner: str, stored: Stored[StoredPieces]) -> None:
        """Two who complete at once would make two documents."""
        now, since = self._clock.now(), stored.value.reading_since
        busy = Conflict("This file is being read already. Look among your files in a moment.", code="uploads.being_read")
        if since is not None and now - since < _LONGEST_READING:
            raise busy
        claimed = stored.value.model_copy(update={"reading_since": now})
        try:
            self._records.write(self._uploads.replacing(owner, claimed.id, claimed, version=stored.version))
        except StaleWrite:
            raise busy from None

    @contextmanager
    def _whole(self, owner: str, upload: StoredPieces, piece_ids: Sequence[str]) -> Iterator[tuple[BinaryIO, str]]:
        """The file, and the MD5 of it."""
        digest = hashlib.md5(usedforsecurity=False)
        with tempfile.TemporaryFile() as file:
            for piece_id in piece_ids:
                for chunk in self._blobs.open(keys.piece_blob(owner, upload.id, piece_id)):
                    digest.update(chunk)
                    file.write(chunk)
            file.flush()
            yield file, digest.hexdigest()

    def _change(self, owner: str, upload_id: str, change: Callable[[StoredPieces], StoredPieces]) -> StoredPieces:
        def attempt() -> StoredPieces:
            stored = self._uploads.get(owner, upload_id)
            changed = change(stored.value)
            self._records.write(self._uploads.replacing(owner, upload_id, changed, version=stored.version))
            return changed

        return retrying(attempt)

    def _sweep(self, owner: str) -> None:
        now = self._clock.now()
        for one in self._uploads.page(owner, limit=200).items:
            if one.expires_at <= now:
                self._remove(owner, one)

    def _remove(self, owner: str, upload: StoredPieces) -> None:
        """The record first, whatever came of it since: its bytes are gone after this."""
        stored = self._uploads.get(owner, upload.id)
        self._records.write(self._uploads.removing(owner, upload.id, version=stored.version))
        self._delete_bytes(owner, stored.value)

    def _delete_bytes(self, owner: str, upload: StoredPieces) -> None:
        for piece in upload.pieces:
            self._blobs.delete(keys.piece_blob(owner, upload.id, piece.id))
