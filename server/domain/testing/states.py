"""An evaluation as it is stored, with its pointers: the one while it lives, and those by which it is found again."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import Collection, Slice
from server.domain.jobs.queue import pointers
from server.errors import NotFound
from server.ports.blobs import Blobs
from server.ports.records import ABSENT, Delete, Put, Records
from shared.wire import Evaluation, EvaluationProgress, EvaluationState, EvaluationSummary, Grader, JobError

LIVE: Final[frozenset[EvaluationState]] = frozenset({"queued", "running"})


class StoredEvaluation(BaseModel):
    """`model_keys` are the tuned models' private keys, in the order of `tuned_model_ids`; `base_key` is that of a base that is a tuned
    model itself. `document_ids` is the training data that the items are looked for in, found when a run begins."""

    id: str
    owner: str
    name: str
    state: EvaluationState = "queued"
    test_set_id: str
    test_set_name: str
    base_model: str
    base_key: str | None = None
    tuned_model_ids: list[str]
    model_keys: list[str]
    job_id: str | None = None
    grader: Grader
    num_items: int
    document_ids: list[str] = []
    leakage_checked: bool = False
    run_id: str | None = None
    num_runs: int = 0
    num_resumes: int = 0
    stop_requested: bool = False
    last_progress: EvaluationProgress | None = None
    results: EvaluationSummary | None = None
    error: JobError | None = None
    size_bytes: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def subjects(self) -> list[str]:
        """What it goes with when that is deleted: its test set, and every tuned model that it is about."""
        return list(dict.fromkeys([self.test_set_id, *self.model_keys, *([self.base_key] if self.base_key else [])]))

    def shown(self, *, progress: EvaluationProgress | None = None, queue_position: int | None = None) -> Evaluation:
        stored = {name: getattr(self, name) for name in Evaluation.model_fields if name in StoredEvaluation.model_fields}
        live = {"stopping": self.stop_requested, "progress": progress or self.last_progress, "queue_position": queue_position}
        return Evaluation(**stored, **live)


class EvaluationStore:
    """The records and blobs of evaluations, whoever works with them: routes, the runner, and those who delete what they are about."""

    def __init__(self, records: Records, blobs: Blobs) -> None:
        self._records = records
        self._blobs = blobs
        self.collection = Collection(records, StoredEvaluation, kind="evaluation", noun="evaluation")

    def adding(self, evaluation: StoredEvaluation) -> list[Put | Delete]:
        """The changes that let a new evaluation wait."""
        return [
            self.collection.adding(evaluation.owner, evaluation.id, evaluation),
            *(Put(keys.evaluation_of(evaluation.owner, subject, evaluation.id), {}, ABSENT) for subject in evaluation.subjects),
            Put(keys.evaluating(evaluation.id), {"owner": evaluation.owner, "state": "queued"}, ABSENT),
        ]

    def of_subject(self, owner: str, subject: str, *, limit: int, after: str | None = None) -> Slice[StoredEvaluation]:
        """Those about a test set or a tuned model (by its key), newest first."""
        prefix = keys.evaluations_prefix(subject)
        page = self._records.page(
            keys.collection_partition(owner),
            prefix=prefix,
            after=None if after is None else prefix + after,
            limit=limit,
            newest_first=True,
        )
        found: list[StoredEvaluation] = []
        for record in page.records:
            try:
                found.append(self.collection.get(owner, record.key.sort.removeprefix(prefix)).value)
            except NotFound:
                continue  # Deleted between the two reads.
        return Slice(found, page.has_more)

    def live(self, owner: str) -> Iterator[StoredEvaluation]:
        for pointer in pointers(self._records, keys.EVALUATING_PARTITION):
            if pointer.data["owner"] == owner:
                try:
                    yield self.collection.get(owner, pointer.key.sort).value
                except NotFound:
                    continue  # It ended and was deleted between the two reads.

    def delete(self, owner: str, evaluation_id: str, *, version: int) -> None:
        """An ended one, with its items. The record first: a record without bytes would lie."""
        evaluation = self.collection.get(owner, evaluation_id).value
        self._records.write(
            self.collection.removing(owner, evaluation_id, version=version),
            *(Delete(keys.evaluation_of(owner, subject, evaluation_id), None) for subject in evaluation.subjects),
        )
        self._blobs.delete(keys.evaluation_items_blob(owner, evaluation_id))
        self._blobs.delete(keys.evaluation_index_blob(owner, evaluation_id))

    def delete_all_of(self, owner: str, subject: str) -> None:
        """Every ended one about this; none of them may live any more."""
        while (found := self.of_subject(owner, subject, limit=50)).items:
            for evaluation in found.items:
                self.delete(owner, evaluation.id, version=self.collection.get(owner, evaluation.id).version)
