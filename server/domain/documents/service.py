"""What a signed-in user does with documents. Bytes are stored first, the record that names them second."""

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.documents.preview import StoredPreview, cut, shown
from server.domain.documents.reading import Inspect, ReadFile, read_file
from server.domain.documents.usage import Room
from server.errors import InvalidInput, NotFound, Unavailable
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS, DocumentType
from shared.wire import Document, ListOf, Preview, ReadingOptions, Sample

_AS_DETECTED: Final = ReadingOptions()


class _Unclear(Exception):
    def __init__(self, error: Unavailable) -> None:
        super().__init__()
        self.error = error


class Documents:
    """`inspect` looks through a file in a process of its own; `samples_folder` holds the data sets that come with the product."""

    def __init__(self, records: Records, blobs: Blobs, clock: Clock, inspect: Inspect, room: Room, *, samples_folder: Path) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._inspect = inspect
        self.room = room
        self._samples_folder = samples_folder
        self._documents = Collection(records, Document, kind="document", noun="document")
        self._previews = Collection(records, StoredPreview, kind="preview", noun="preview")

    def add(
        self,
        owner: str,
        source: BinaryIO,
        *,
        filename: str,
        document_type: DocumentType = "dataset",
        name: str | None = None,
        description: str = "",
        reading: ReadingOptions = _AS_DETECTED,
        announced_bytes: int = 0,
        problems_csv: BinaryIO | None = None,
        expires_after: timedelta | None = None,
    ) -> Document:
        """Takes a file (seekable). Raises `RefusedFile` with the first problems' lines when it could not be trained on.

        `announced_bytes` are counted in the user's usage already; every problem goes to the file `problems_csv`. `expires_after`: when it
        goes by itself.
        """
        source.seek(0, 2)
        size_bytes = source.tell()
        self.room.check(owner, size_bytes - announced_bytes)
        filename = _plain_filename(filename)
        name = _limited(name or PurePath(filename).stem or filename, MAX_NAME_CHARACTERS, "name")
        description = _limited(description, MAX_NOTE_CHARACTERS, "description")
        with nullcontext(problems_csv) if problems_csv else tempfile.TemporaryFile() as problems:
            read = read_file(source, filename, reading, self._inspect, problems)
            about = {"type": document_type, "filename": filename, "name": name, "description": description, "expires_after": expires_after}
            return self._keep(owner, source, about, read, problems)

    def add_made(self, owner: str, content: bytes, *, filename: str, name: str, description: str) -> Document:
        """A document that this product has made of another one; it is read like any upload."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            return self.add(owner, file, filename=filename, name=name, description=description)

    def _keep(self, owner: str, source: BinaryIO, about: dict[str, Any], read: ReadFile, problems_csv: BinaryIO) -> Document:
        """Stores bytes first and the record second; of a document that was not recorded, nothing stays."""
        document_id, now = self._clock.new_id("doc"), self._clock.now()
        expires_after = about.pop("expires_after")
        try:
            source.seek(0)
            stat = self._blobs.put(keys.document_blob(owner, document_id), source)
            self._put_beside(owner, document_id, read, problems_csv)
            document = Document.model_validate(
                {
                    "id": document_id,
                    "size_bytes": stat.size_bytes,
                    "sha256": stat.sha256,
                    "has_text": read.text_sample is not None,
                    "duplicate_of": self._first_with(owner, stat.sha256),
                    "expires_at": None if expires_after is None else now + expires_after,
                    "created_at": now,
                    **about,
                    **read.facts,
                }
            )
            first = [] if document.duplicate_of else [Put(keys.owned(owner, "content", stat.sha256), {"document_id": document_id}, None)]
            if document.expires_at is not None:
                first.append(Put(keys.expiring(document.expires_at, document_id), {"owner": owner, "document_id": document_id}, None))
            self._record(
                owner,
                document_id,
                self._documents.adding(owner, document_id, document),
                self._previews.adding(owner, document_id, cut(read.preview)),
                *first,
            )
        except _Unclear as unclear:
            raise unclear.error from None
        except BaseException:
            self._delete_bytes(owner, document_id)
            raise
        return document

    def _record(self, owner: str, document_id: str, *changes: Put) -> None:
        """Raises `_Unclear` when nobody can say whether the document is recorded: then its bytes must stay."""
        try:
            self._records.write(*changes)
        except Unavailable as error:
            # A store that is far away may have done its work although no answer came.
            try:
                self._documents.get(owner, document_id)
            except NotFound:
                raise error from None
            except Unavailable:
                raise _Unclear(error) from None

    def get(self, owner: str, document_id: str) -> Document:
        return self.stored(owner, document_id).value

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[Document]:
        page = self._documents.page(owner, limit=limit, after=after)
        return ListOf(data=page.items, has_more=page.has_more)

    def preview(self, owner: str, document_id: str, *, limit: int) -> Preview:
        document = self.get(owner, document_id)
        return shown(self._previews.get(owner, document_id).value, num_examples=document.num_examples, limit=limit)

    def content(self, owner: str, document_id: str, *, start: int = 0, end: int | None = None) -> tuple[Document, Iterator[bytes]]:
        """The file as it was uploaded, or its bytes [start, end)."""
        document = self.get(owner, document_id)
        return document, self._blobs.open(keys.document_blob(owner, document_id), start=start, end=end)

    def link(self, owner: str, document_id: str, *, expires_s: int) -> str | None:
        """An address from which a browser gets the file without us; None where only we can give it. Raises `NotFound`."""
        document = self.get(owner, document_id)
        return self._blobs.link(keys.document_blob(owner, document_id), filename=document.filename, expires_s=expires_s)

    def text(self, owner: str, document_id: str) -> Iterator[bytes]:
        """The first 20,000 characters of what was extracted from a PDF, DOCX or HTML file. Raises `NotFound` for other formats."""
        if not self.get(owner, document_id).has_text:
            raise NotFound("No text was extracted from this document: it is text as it stands.", code="documents.no_text")
        return self._blobs.open(keys.document_text_blob(owner, document_id))

    def problems(self, owner: str, document_id: str) -> Iterator[bytes]:
        """Every problem of the file as CSV; only a heading when there is none."""
        self.get(owner, document_id)
        key = keys.document_problems_blob(owner, document_id)
        return self._blobs.open(key) if self._blobs.size(key) is not None else iter([_no_problems()])

    def describe(self, owner: str, document: Stored[Document], *, name: str | None, description: str | None) -> Document:
        changes = {"name": name, "description": description}
        changed = document.value.model_copy(update={field: value for field, value in changes.items() if value is not None})
        self._records.write(self._documents.replacing(owner, changed.id, changed, version=document.version))
        return changed

    def read_again(self, owner: str, document: Stored[Document], reading: ReadingOptions) -> Document:
        """Reads the stored bytes in another way. Raises `RefusedFile`, and changes nothing then. Use `Jobs` from routes."""
        old = document.value
        preview = self._previews.get(owner, old.id)
        with self.as_file(owner, old.id) as source, tempfile.TemporaryFile() as problems_csv:
            read = read_file(source, old.filename, reading, self._inspect, problems_csv)
            changed = Document.model_validate(old.model_dump() | read.facts | {"has_text": read.text_sample is not None})
            self._put_beside(owner, old.id, read, problems_csv)
        self._records.write(
            self._documents.replacing(owner, old.id, changed, version=document.version),
            self._previews.replacing(owner, old.id, cut(read.preview), version=preview.version),
        )
        return changed

    def stored(self, owner: str, document_id: str) -> Stored[Document]:
        return self._documents.get(owner, document_id)

    def touching(self, owner: str, document: Stored[Document]) -> Put:
        """A change that only raises the version, so that whoever deletes this document at the same time has to look again."""
        return self._documents.replacing(owner, document.value.id, document.value, version=document.version)

    def delete(self, owner: str, document: Stored[Document]) -> None:
        """The record first: a record without bytes would lie. Use `Jobs` from routes: jobs may need it."""
        preview = self._previews.get(owner, document.value.id)
        changes: list[Put | Delete] = [
            self._documents.removing(owner, document.value.id, version=document.version),
            self._previews.removing(owner, document.value.id, version=preview.version),
        ]
        if document.value.expires_at is not None:
            changes.append(Delete(keys.expiring(document.value.expires_at, document.value.id), None))
        if self._first_with(owner, document.value.sha256) == document.value.id:
            changes.append(Delete(keys.owned(owner, "content", document.value.sha256), None))
        self._records.write(*changes)
        self._delete_bytes(owner, document.value.id)

    def samples(self) -> ListOf[Sample]:
        entries = json.loads((self._samples_folder / "index.json").read_text())
        return ListOf(data=[Sample(**entry, size_bytes=(self._samples_folder / entry["filename"]).stat().st_size) for entry in entries])

    def add_sample(self, owner: str, sample_id: str) -> Document:
        """A copy of a sample among the user's documents."""
        for sample in self.samples().data:
            if sample.id == sample_id:
                with (self._samples_folder / sample.filename).open("rb") as source:
                    return self.add(owner, source, filename=sample.filename, name=sample.name, description=sample.description)
        raise NotFound("There is no such sample. See GET /api/samples for those there are.", code="samples.not_found")

    def _first_with(self, owner: str, sha256: str) -> str | None:
        pointer = self._records.get(keys.owned(owner, "content", sha256))
        return None if pointer is None else str(pointer.data["document_id"])

    def _put_beside(self, owner: str, document_id: str, read: ReadFile, problems_csv: BinaryIO) -> None:
        """What a reading gave besides facts: the extracted text and the list of problems."""
        if read.text_sample is not None:
            self._blobs.put(keys.document_text_blob(owner, document_id), io.BytesIO(read.text_sample.encode()))
        if read.facts["num_problems"]:
            problems_csv.seek(0)
            self._blobs.put(keys.document_problems_blob(owner, document_id), problems_csv)
        else:
            self._blobs.delete(keys.document_problems_blob(owner, document_id))

    def _delete_bytes(self, owner: str, document_id: str) -> None:
        for key in (keys.document_blob, keys.document_text_blob, keys.document_problems_blob):
            self._blobs.delete(key(owner, document_id))

    @contextmanager
    def as_file(self, owner: str, document_id: str) -> Iterator[BinaryIO]:
        """The stored bytes as a file that a child process can read: in place, or a nameless copy."""
        key = keys.document_blob(owner, document_id)
        path = self._blobs.local_path(key)
        if path is not None:
            with path.open("rb") as file:
                yield file
            return
        with tempfile.TemporaryFile() as copy:
            for chunk in self._blobs.open(key):
                copy.write(chunk)
            copy.flush()
            yield copy


def _no_problems() -> bytes:
    heading = io.StringIO()
    csv.writer(heading).writerow(["place", "message", "fix"])
    return heading.getvalue().encode()


def _plain_filename(filename: str) -> str:
    """The last part of the name, without what could not be shown in a line. It is shown and never opened."""
    name = "".join(character for character in filename.replace("\\", "/").rpartition("/")[2] if character.isprintable()).strip()
    return name[-MAX_NAME_CHARACTERS:] or "unnamed"


def _limited(text: str, most: int, param: str) -> str:
    if len(text) > most:
        raise InvalidInput(f"The {param} has {len(text)} characters; at most {most} fit.", code="documents.too_long", param=param)
    return text
