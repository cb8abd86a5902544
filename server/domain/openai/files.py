"""Documents as files, and beside them the tables that runs left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final

from server.domain.documents.service import Documents
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.service import Jobs
from server.domain.jobs.states import StoredJob
from server.domain.openai.ids import job_of_results, own, results_of, seconds, shown
from server.domain.openai.results import table_of
from server.errors import InvalidInput, NotFound
from server.ports.clock import Clock
from shared.wire import Document
from shared.wire.openai.files import FileObject, Purpose

_PAGE: Final = 500
_RESULTS_NAME: Final = "step_metrics.csv"


@dataclass(frozen=True)
class Files:
    clock: Clock
    documents: Documents
    jobs: Jobs
    live: LiveJobs

    def create(self, owner: str, source: BinaryIO, *, filename: str, purpose: str, expires_after_s: int | None) -> FileObject:
        """Raises `RefusedFile` for what cannot be trained on: here a file is looked through as it comes, and not when a job begins."""
        check_purpose(purpose)
        expires_after = None if expires_after_s is None else timedelta(seconds=expires_after_s)
        return self.shown(self.documents.add(owner, source, filename=filename, expires_after=expires_after))

    def page(self, owner: str, *, limit: int, after: str | None, newest_first: bool, purpose: str | None) -> tuple[list[FileObject], bool]:
        """At most `limit` beyond the file `after`, and whether there are more."""
        keys = sorted(self._all(owner, purpose), key=lambda one: one[0], reverse=newest_first)
        if after is not None:
            place = _place(after)
            keys = [one for one in keys if (one[0] < place if newest_first else one[0] > place)]
        return [self._of_job(owner, what) if isinstance(what, StoredJob) else self.shown(what) for _, what in keys[:limit]], len(
            keys
        ) > limit

    def get(self, owner: str, file_id: str) -> FileObject:
        """Raises `NotFound`."""
        job_id = job_of_results(file_id)
        return self.shown(self.document(owner, file_id)) if job_id is None else self._of_job(owner, self._with_results(owner, job_id))

    def document(self, owner: str, file_id: str, *, param: str | None = None) -> Document:
        """The document behind a file. Raises `NotFound`, also when its time is over and it has not been deleted yet."""
        try:
            document = self.documents.get(owner, own("doc", file_id))
        except NotFound:
            document = None
        if document is None or not self._is_there(document):
            raise NotFound(f"No such File object: {file_id[:100]}", code="document.not_found", param=param)
        return document

    def results(self, owner: str, file_id: str) -> bytes:
        """The bytes of a table. Raises `NotFound`."""
        job = self._with_results(owner, str(job_of_results(file_id)))
        return table_of(self.live.events_file(owner, job.id))

    def delete(self, owner: str, file_id: str) -> None:
        if job_of_results(file_id) is not None:
            raise InvalidInput(
                "The results of a job belong to it and go with it. Delete the job in the page.",
                code="unsupported_operation",
                param="file_id",
            )
        self.jobs.delete_document(owner, self.document(owner, file_id).id)

    def shown(self, document: Document) -> FileObject:
        unread = document.status == "needs_mapping"
        return FileObject(
            id=shown(document.id),
            object="file",
            bytes=document.size_bytes,
            created_at=seconds(document.created_at),
            filename=document.filename,
            purpose="fine-tune" if document.type == "dataset" else "user_data",
            status="error" if unread else "processed",
            expires_at=None if document.expires_at is None else seconds(document.expires_at),
            status_details="Its columns are not understood. Open it in the page and say which plays which part." if unread else None,
        )

    def _of_job(self, owner: str, job: StoredJob) -> FileObject:
        return FileObject(
            id=results_of(job.id),
            object="file",
            bytes=len(table_of(self.live.events_file(owner, job.id))),
            created_at=seconds(job.finished_at or job.created_at),
            filename=_RESULTS_NAME,
            purpose="fine-tune-results",
            status="processed",
        )

    def _all(self, owner: str, purpose: str | None) -> Iterator[tuple[str, Document | StoredJob]]:
        """Each with what orders it: the part of its id that is made of the time."""
        for document in self._documents(owner):
            if self._is_there(document) and purpose in {None, "fine-tune" if document.type == "dataset" else "user_data"}:
                yield document.id.partition("-")[2], document
        if purpose in {None, "fine-tune-results"}:
            for job in self.jobs.all_stored(owner):
                if job.state == "succeeded":
                    yield job.id.partition("-")[2], job

    def _documents(self, owner: str) -> Iterator[Document]:
        more, after = True, None
        while more:
            page = self.documents.page(owner, limit=_PAGE, after=after)
            yield from page.data
            more, after = page.has_more, page.data[-1].id if page.data else None

    def _is_there(self, document: Document) -> bool:
        return document.expires_at is None or document.expires_at > self.clock.now()

    def _with_results(self, owner: str, job_id: str) -> StoredJob:
        try:
            job = self.jobs.stored(owner, job_id)
        except NotFound:
            job = None
        if job is None or job.state != "succeeded":
            raise NotFound(f"No such File object: {results_of(job_id)[:100]}", code="document.not_found")
        return job


def check_purpose(purpose: str) -> Purpose:
    """Raises `InvalidInput` for everything but what files are for here."""
    if purpose != "fine-tune":
        raise InvalidInput(
            f"Files are for training here, so their purpose is `fine-tune`, not {purpose[:40]!r}.",
            code="unsupported_purpose",
            param="purpose",
        )
    return "fine-tune"


def _place(file_id: str) -> str:
    return (job_of_results(file_id) or own("doc", file_id)).partition("-")[2]
