"""What a signed-in user does with documents. Bytes are stored first, the record that names them second."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.documents.preview import StoredPreview, cut, shown
from server.errors import Detail, InvalidInput, NotFound, StorageFull, TooLarge
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Put, Records
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS, DocumentType
from shared.wire import Document, ListOf, Preview, Problem, Sample

Inspect = Callable[[BinaryIO, str], dict[str, Any]]
_MAX_WARNINGS: Final = 20


class Documents:
    """`inspect` looks through a file in a process of its own; `samples_folder` holds the data sets that come with the product."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        inspect: Inspect,
        *,
        samples_folder: Path,
        max_upload_bytes: int,
        free_bytes: Callable[[], int],
        min_free_bytes: int,
    ) -> None:
        self._blobs = blobs
        self._clock = clock
        self._inspect = inspect
        self._samples_folder = samples_folder
        self._max_upload_bytes = max_upload_bytes
        self._free_bytes = free_bytes
        self._min_free_bytes = min_free_bytes
        self._documents = Collection(records, Document, kind="document", noun="document")
        self._previews = Collection(records, StoredPreview, kind="preview", noun="preview")

    def check_size(self, size_bytes: int) -> None:
        """Raises `TooLarge` or `StorageFull` for an upload of this size; called before its bytes are taken and after."""
        if size_bytes > self._max_upload_bytes:
            raise TooLarge(
                f"The file is larger than the {self._max_upload_bytes / 1e6:,.0f} MB that this installation takes. Split it, or raise "
                "LLM_TUNER_MAX_UPLOAD_BYTES.",
                code="documents.too_large",
                param="file",
            )
        if self._free_bytes() - size_bytes < self._min_free_bytes:
            raise StorageFull(
                "There is not enough room on the disk for this file. Delete documents or models you no longer need, and try again.",
                code="storage.full",
            )

    def add(
        self,
        owner: str,
        source: BinaryIO,
        *,
        filename: str,
        document_type: DocumentType = "dataset",
        name: str | None = None,
        description: str = "",
    ) -> Document:
        """Takes a file (seekable). Raises `InvalidInput` with every problem's line when it could not be trained on."""
        source.seek(0, 2)
        self.check_size(source.tell())
        filename = _plain_filename(filename)
        found = self._inspect(source, filename)
        _refuse_problems(found)
        document_id = self._clock.new_id("doc")
        source.seek(0)
        blob = keys.document_blob(owner, document_id)
        stat = self._blobs.put(blob, source)
        document = Document(
            id=document_id,
            type=document_type,
            name=_limited(name or PurePath(filename).stem or filename, MAX_NAME_CHARACTERS, "name"),
            description=_limited(description, MAX_NOTE_CHARACTERS, "description"),
            filename=filename,
            format=found["format"],
            charset=found["charset"],
            shapes=found["shapes"],
            num_examples=found["num_examples"],
            num_characters=found["num_characters"],
            size_bytes=stat.size_bytes,
            sha256=stat.sha256,
            warnings=_warnings(found),
            created_at=self._clock.now(),
        )
        try:
            self._documents.write(
                self._documents.adding(owner, document_id, document),
                self._previews.adding(owner, document_id, cut(found["preview"])),
            )
        except BaseException:
            self._blobs.delete(blob)
            raise
        return document

    def get(self, owner: str, document_id: str) -> Document:
        return self.stored(owner, document_id).value

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[Document]:
        page = self._documents.page(owner, limit=limit, after=after)
        return ListOf(data=page.items, has_more=page.has_more)

    def preview(self, owner: str, document_id: str, *, limit: int) -> Preview:
        document = self.get(owner, document_id)
        return shown(self._previews.get(owner, document_id).value, num_examples=document.num_examples, limit=limit)

    def content(self, owner: str, document_id: str) -> tuple[Document, Iterator[bytes]]:
        document = self.get(owner, document_id)
        return document, self._blobs.open(keys.document_blob(owner, document_id))

    def stored(self, owner: str, document_id: str) -> Stored[Document]:
        return self._documents.get(owner, document_id)

    def touching(self, owner: str, document: Stored[Document]) -> Put:
        """A change that only raises the version, so that whoever deletes this document at the same time has to look again."""
        return self._documents.replacing(owner, document.value.id, document.value, version=document.version)

    def delete(self, owner: str, document: Stored[Document]) -> None:
        """The record first: bytes without a record are swept, a record without bytes would lie. Use `Jobs.delete_document` from routes."""
        preview = self._previews.get(owner, document.value.id)
        self._documents.write(
            self._documents.removing(owner, document.value.id, version=document.version),
            self._previews.removing(owner, document.value.id, version=preview.version),
        )
        self._blobs.delete(keys.document_blob(owner, document.value.id))

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


def _refuse_problems(found: dict[str, Any]) -> None:
    problems = found["problems"]
    if not problems:
        return
    details = [Detail(message=problem["message"], line=problem["line"], param="file") for problem in problems]
    more = f" ({len(problems) - 1} more problems below.)" if len(problems) > 1 else ""
    code = "documents.bad_line" if problems[0]["line"] else "documents.bad_file"
    raise InvalidInput(problems[0]["message"] + more, code=code, param="file", details=details)


def _warnings(found: dict[str, Any]) -> list[Problem]:
    warnings = [Problem(line=problem["line"], message=problem["message"]) for problem in found["warnings"][:_MAX_WARNINGS]]
    if found.get("charset_basis") and found["charset"] not in {"utf-8", "utf-8-sig", "ascii"}:
        warnings.append(Problem(message=f"Read as {found['charset']}: {found['charset_basis']}"))
    hidden = found.get("num_warnings", 0) - len(found["warnings"])
    if hidden > 0:
        warnings.append(Problem(message=f"{hidden} more lines like these."))
    return warnings


def _plain_filename(filename: str) -> str:
    """The last part of the name, without what could not be shown in a line. It is shown and never opened."""
    name = "".join(character for character in filename.replace("\\", "/").rpartition("/")[2] if character.isprintable()).strip()
    return name[-MAX_NAME_CHARACTERS:] or "unnamed"


def _limited(text: str, most: int, param: str) -> str:
    if len(text) > most:
        raise InvalidInput(f"The {param} has {len(text)} characters; at most {most} fit.", code="documents.too_long", param=param)
    return text
