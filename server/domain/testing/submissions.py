"""Test submissions: single documents, each with the score or the answer that a model is expected to give for it."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import Collection, Stored, retrying
from server.domain.documents.belonging import Belonging
from server.domain.documents.contents import DocumentContents
from server.domain.documents.service import Documents
from server.errors import InvalidInput
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Records
from shared.wire import Document, ListOf, TestSubmission, TestSubmissionPatch

_MAX_CHARACTERS: Final = 900_000
_BEGINNING: Final = 500


class StoredSubmission(BaseModel):
    """`text_bytes` is the size of the text that was taken out of the document, once, at the upload."""

    id: str
    name: str
    document_id: str
    filename: str
    expected: str | None
    expected_score: float | None
    num_characters: int
    beginning: str
    text_bytes: int
    created_at: datetime

    def shown(self) -> TestSubmission:
        return TestSubmission(**self.model_dump(exclude={"text_bytes"}))


class TestSubmissions:
    """`need_unused` raises `Conflict` for a document that a live job trains on."""

    __test__ = False  # pytest collects classes by this name

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        clock: Clock,
        documents: Documents,
        contents: DocumentContents,
        *,
        need_unused: Callable[[str, str], None],
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._clock = clock
        self._documents = documents
        self._contents = contents
        self._belonging = Belonging(documents, "test submission", need_unused=need_unused)
        self._submissions = Collection(records, StoredSubmission, kind="submission", noun="test submission")

    def add(
        self, owner: str, source: BinaryIO, *, filename: str, name: str | None, expected: str | None, expected_score: float | None
    ) -> TestSubmission:
        """Takes the document in, and its text out of it. Raises `RefusedFile`, and `InvalidInput` for what is no one text."""
        return self._belonging.taken_in(
            owner,
            source,
            lambda document: self._keep(owner, document, expected, expected_score).shown(),
            filename=filename,
            document_type="test_submission",
            name=name,
        )

    def get(self, owner: str, submission_id: str) -> TestSubmission:
        return self._submissions.get(owner, submission_id).value.shown()

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[TestSubmission]:
        page = self._submissions.page(owner, limit=limit, after=after)
        return ListOf(data=[submission.shown() for submission in page.items], has_more=page.has_more)

    def patch(self, owner: str, submission_id: str, patch: TestSubmissionPatch) -> TestSubmission:
        changes = patch.model_dump(include=patch.model_fields_set)
        if changes.get("name", "") is None:
            del changes["name"]
        if "expected" in changes:
            changes["expected"] = changes["expected"] or None

        def attempt() -> TestSubmission:
            stored = self._submissions.get(owner, submission_id)
            changed = stored.value.model_copy(update=changes)
            self._records.write(self._submissions.replacing(owner, submission_id, changed, version=stored.version))
            return changed.shown()

        return retrying(attempt)

    def text(self, owner: str, submission_id: str) -> str:
        """All of it, as a model is asked about it."""
        self._submissions.get(owner, submission_id)
        return b"".join(self._blobs.open(keys.submission_blob(owner, submission_id))).decode()

    def delete(self, owner: str, submission_id: str) -> None:
        """With its document."""

        def attempt() -> Stored[StoredSubmission]:
            stored = self._submissions.get(owner, submission_id)
            self._records.write(
                self._submissions.removing(owner, submission_id, version=stored.version),
                self._belonging.releasing(owner, stored.value.document_id),
            )
            return stored

        submission = retrying(attempt).value
        self._blobs.delete(keys.submission_blob(owner, submission_id))
        self._documents.delete(owner, self._documents.stored(owner, submission.document_id))

    def _keep(self, owner: str, document: Document, expected: str | None, expected_score: float | None) -> StoredSubmission:
        text = self._contents.text(owner, document)
        if len(text) > _MAX_CHARACTERS:
            raise InvalidInput(
                f"The text has {len(text):,} characters; a submission has at most {_MAX_CHARACTERS:,}. Split it into several.",
                code="submissions.too_long",
                param="file",
            )
        submission_id = self._clock.new_id("sub")
        stat = self._blobs.put(keys.submission_blob(owner, submission_id), io.BytesIO(text.encode()))
        submission = StoredSubmission(
            id=submission_id,
            name=document.name,
            document_id=document.id,
            filename=document.filename,
            expected=expected or None,
            expected_score=expected_score,
            num_characters=len(text),
            beginning=text[:_BEGINNING],
            text_bytes=stat.size_bytes,
            created_at=self._clock.now(),
        )
        self._records.write(
            self._submissions.adding(owner, submission_id, submission), self._belonging.marking(owner, document, submission.name)
        )
        return submission
