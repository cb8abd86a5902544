"""Files that come in parts: a lost connection, a reload or a restarted server loses at most the part that was under way."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.documents.service import Documents
from server.errors import Conflict, InvalidInput, NotFound, RefusedFile, StaleWrite
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Records
from shared.wire import Document, ReadingOptions, Upload, UploadRequest

PART_BYTES: Final = 8 * 1024**2
_LIFETIME: Final = timedelta(hours=24)
_LONGEST_READING: Final = timedelta(minutes=10)
_MAX_OPEN: Final = 50


class StoredUpload(BaseModel):
    """`reading_since`: somebody is completing it, unless that was long ago and their server died."""

    upload: Upload
    request: UploadRequest
    reading_since: datetime | None = None


class Uploads:
    def __init__(self, records: Records, blobs: Blobs, clock: Clock, documents: Documents) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._documents = documents
        self._uploads = Collection(records, StoredUpload, kind="upload", noun="upload")

    def open(self, owner: str, request: UploadRequest) -> Upload:
        """Announces a file. Its size counts against the quota from now on. Uploads that ran out are removed by the way."""
        self._sweep(owner)
        self._documents.room.check(owner, request.size_bytes)
        now = self._clock.now()
        upload = Upload(
            id=self._clock.new_id("upl"),
            filename=request.filename,
            size_bytes=request.size_bytes,
            part_size_bytes=PART_BYTES,
            received=[],
            created_at=now,
            expires_at=now + _LIFETIME,
        )
        stored = StoredUpload(upload=upload, request=request)
        self._records.write(self._uploads.adding(owner, upload.id, stored))
        return upload

    def get(self, owner: str, upload_id: str) -> Upload:
        return self._stored(owner, upload_id).value.upload

    def page(self, owner: str) -> list[Upload]:
        """Those that can be continued, newest first."""
        now = self._clock.now()
        stored = self._uploads.page(owner, limit=_MAX_OPEN).items
        return [one.upload for one in stored if one.upload.expires_at > now]

    def put_part(self, owner: str, upload_id: str, number: int, part: BinaryIO, size_bytes: int) -> Upload:
        """Stores a part; sending one again replaces it. Raises `InvalidInput` for a part that is not this upload's, or of another size."""
        upload = self.get(owner, upload_id)
        expected = _size_of_part(upload, number)
        if size_bytes != expected:
            raise InvalidInput(
                f"Part {number} of this upload has {expected} bytes; {size_bytes} came. Send the part again.",
                code="uploads.wrong_size",
                param="part",
            )
        self._blobs.put(keys.upload_part_blob(owner, upload_id, number), part)

        def with_part(one: StoredUpload) -> StoredUpload:
            received = sorted({*one.upload.received, number})
            return one.model_copy(update={"upload": one.upload.model_copy(update={"received": received})})

        return self._change(owner, upload_id, with_part).upload

    def complete(self, owner: str, upload_id: str, reading: ReadingOptions) -> Document:
        """Makes a document of the parts. Raises `RefusedFile` when it cannot be trained on; the parts stay, to be read in another way."""
        stored = self._stored(owner, upload_id)
        upload, request = stored.value.upload, stored.value.request
        if missing := sorted(set(range(1, _num_parts(upload) + 1)) - set(upload.received)):
            raise Conflict(
                f"{len(missing)} of {_num_parts(upload)} parts have not come yet, the first of them part {missing[0]}.",
                code="uploads.incomplete",
            )
        self._claim(owner, stored)
        try:
            document = self._read(owner, upload, request, reading)
        except BaseException:
            self._change(owner, upload_id, lambda one: one.model_copy(update={"reading_since": None}))
            raise
        self._remove(owner, self._uploads.get(owner, upload_id))
        return document

    def _claim(self, owner: str, stored: Stored[StoredUpload]) -> None:
        """Two who complete at once would make two documents. Raises `Conflict` for the second."""
        now, since = self._clock.now(), stored.value.reading_since
        busy = Conflict("This file is being read already. Look among your documents in a moment.", code="uploads.being_read")
        if since is not None and now - since < _LONGEST_READING:
            raise busy
        claimed = stored.value.model_copy(update={"reading_since": now})
        try:
            self._records.write(self._uploads.replacing(owner, claimed.upload.id, claimed, version=stored.version))
        except StaleWrite:
            raise busy from None

    def _read(self, owner: str, upload: Upload, request: UploadRequest, reading: ReadingOptions) -> Document:
        with self._whole(owner, upload) as file, tempfile.TemporaryFile() as problems_csv:
            try:
                return self._documents.add(
                    owner,
                    file,
                    filename=request.filename,
                    document_type=request.type,
                    name=request.name,
                    description=request.description,
                    reading=reading,
                    announced_bytes=upload.size_bytes,
                    problems_csv=problems_csv,
                )
            except RefusedFile:
                problems_csv.seek(0)
                self._blobs.put(keys.upload_problems_blob(owner, upload.id), problems_csv)
                raise

    def _change(self, owner: str, upload_id: str, change: Callable[[StoredUpload], StoredUpload]) -> StoredUpload:
        def attempt() -> StoredUpload:
            stored = self._uploads.get(owner, upload_id)
            changed = change(stored.value)
            self._records.write(self._uploads.replacing(owner, upload_id, changed, version=stored.version))
            return changed

        return retrying(attempt)

    def problems(self, owner: str, upload_id: str) -> Iterator[bytes]:
        """Every reason why the last `complete` was refused, as CSV."""
        self.get(owner, upload_id)
        return self._blobs.open(keys.upload_problems_blob(owner, upload_id))

    def abort(self, owner: str, upload_id: str) -> None:
        self._remove(owner, self._stored(owner, upload_id))

    def remove_some(self, owner: str) -> bool:
        """Removes up to fifty with their bytes, whether they ran out or not. False when there are none."""
        some = self._uploads.page(owner, limit=_MAX_OPEN).items
        for one in some:
            self._remove(owner, self._uploads.get(owner, one.upload.id))
        return bool(some)

    def _stored(self, owner: str, upload_id: str) -> Stored[StoredUpload]:
        stored = self._uploads.get(owner, upload_id)
        if stored.value.upload.expires_at <= self._clock.now():
            raise NotFound("This upload was left for more than a day and has been removed. Start it again.", code="upload.not_found")
        return stored

    @contextmanager
    def _whole(self, owner: str, upload: Upload) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile() as file:
            for number in range(1, _num_parts(upload) + 1):
                for chunk in self._blobs.open(keys.upload_part_blob(owner, upload.id, number)):
                    file.write(chunk)
            file.flush()
            yield file

    def _remove(self, owner: str, stored: Stored[StoredUpload]) -> None:
        upload = stored.value.upload
        self._records.write(self._uploads.removing(owner, upload.id, version=stored.version))
        # Also parts that no record speaks of: one may have been stored while this upload was taken away.
        for number in range(1, _num_parts(upload) + 1):
            self._blobs.delete(keys.upload_part_blob(owner, upload.id, number))
        self._blobs.delete(keys.upload_problems_blob(owner, upload.id))

    def _sweep(self, owner: str) -> None:
        now = self._clock.now()
        for one in self._uploads.page(owner, limit=200).items:
            if one.upload.expires_at <= now:
                self._remove(owner, self._uploads.get(owner, one.upload.id))


def _num_parts(upload: Upload) -> int:
    return math.ceil(upload.size_bytes / upload.part_size_bytes)


def _size_of_part(upload: Upload, number: int) -> int:
    last = _num_parts(upload)
    if not 1 <= number <= last:
        raise InvalidInput(f"This upload has parts 1 to {last}.", code="uploads.no_such_part", param="part")
    return upload.part_size_bytes if number < last else upload.size_bytes - (last - 1) * upload.part_size_bytes
