"""What live jobs and tests need is not taken from under them: documents and tuned models are changed and deleted through here."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from server.domain import keys
from server.domain.collection import Collection, retrying
from server.domain.documents.service import Documents
from server.domain.jobs.queue import pointers
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import TunedModels
from server.domain.testing.states import EvaluationStore
from server.errors import Conflict, NotFound, StaleWrite
from server.ports.records import Delete, Records
from shared.wire import Document, DocumentPatch

_PARTITIONS = (keys.QUEUE_PARTITION, keys.RUNNING_PARTITION, keys.PAUSED_PARTITION)
_EXPIRED_AT_ONCE: Final = 500


class Uses:
    def __init__(self, records: Records, documents: Documents, tuned_models: TunedModels, evaluations: EvaluationStore) -> None:
        self._records = records
        self._documents = documents
        self._tuned_models = tuned_models
        self._evaluations = evaluations
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")

    def delete_document(self, owner: str, document_id: str) -> None:
        """Deletes a document, unless a live job still needs it, or a guide or a submission consists of it."""

        def attempt() -> None:
            stored = self._documents.stored(owner, document_id)
            self.need_unused_document(owner, document_id)
            belongs = self._records.get(keys.owned(owner, "document-of", document_id))
            if belongs is not None:
                raise Conflict(
                    f"This document belongs to the {belongs.data['kind']} {belongs.data['name']!r}. Delete that, and this goes with it.",
                    code="documents.in_use",
                )
            self._documents.delete(owner, stored)

        retrying(attempt)

    def delete_expired(self, now: datetime) -> None:
        """Deletes documents whose time is over; those that something still needs stay for the next look."""
        for pointer in self._records.page(keys.EXPIRING_PARTITION, limit=_EXPIRED_AT_ONCE).records:
            if pointer.key.sort.partition("#")[0] > now.isoformat(timespec="microseconds"):
                return
            try:
                self.delete_document(pointer.data["owner"], pointer.data["document_id"])
            except NotFound:
                self._records.write(Delete(pointer.key, None))
            except (Conflict, StaleWrite):
                continue

    def patch_document(self, owner: str, document_id: str, patch: DocumentPatch) -> Document:
        """Renames a document, or has it read in another way, which a live job that uses it forbids."""

        def attempt() -> Document:
            stored = self._documents.stored(owner, document_id)
            if patch.reading is not None:
                self.need_unused_document(owner, document_id)
                self._documents.read_again(owner, stored, patch.reading)
                stored = self._documents.stored(owner, document_id)
            return self._documents.describe(owner, stored, name=patch.name, description=patch.description)

        return retrying(attempt)

    def delete_model(self, owner: str, model_id: str) -> None:
        """Deletes a tuned model with its evaluations, unless a live job starts from it or a live evaluation is about it."""

        def attempt() -> None:
            stored = self._tuned_models.stored(owner, model_id)
            for job in self._live_jobs(owner):
                if job.base_model == model_id:
                    raise Conflict(
                        f"The job {job.name!r} is {job.state} and starts from this model. Cancel the job or wait until it has ended.",
                        code="models.in_use",
                    )
            for evaluation in self._evaluations.live(owner):
                if stored.value.key in evaluation.subjects:
                    raise Conflict(
                        f"The evaluation {evaluation.name!r} is {evaluation.state} and tests this model. Cancel it or wait for its end.",
                        code="models.in_use",
                    )
            self._evaluations.delete_all_of(owner, stored.value.key)
            self._tuned_models.delete(owner, stored)

        retrying(attempt)

    def need_unused_document(self, owner: str, document_id: str) -> None:
        """Raises `Conflict` for a document that a live job trains on, or that a test looks for its items in."""
        for evaluation in self._evaluations.live(owner):
            if evaluation.state == "running" and document_id in evaluation.document_ids:
                raise Conflict(
                    f"The evaluation {evaluation.name!r} is running and looks for its items in this document. Wait for its end.",
                    code="documents.in_use",
                )
        for job in self._live_jobs(owner):
            if document_id in {*job.document_ids, job.validation_document_id}:
                raise Conflict(
                    f"The job {job.name!r} is {job.state} and uses this document. Cancel the job or wait until it has ended.",
                    code="documents.in_use",
                )

    def _live_jobs(self, owner: str) -> Iterator[StoredJob]:
        for partition in _PARTITIONS:
            for pointer in pointers(self._records, partition):
                if pointer.data["owner"] == owner:
                    try:
                        yield self._jobs.get(owner, pointer.key.sort).value
                    except NotFound:
                        continue  # It ended and was deleted between the two reads.
