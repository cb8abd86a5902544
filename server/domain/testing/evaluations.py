"""What routes call for evaluations: asking for one, watching it, reading it, cancelling and deleting it; and the one that begins by itself
when a job has succeeded."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

import structlog

from server.domain import keys
from server.domain.collection import Stored, retrying
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import StoredJob
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TUNED_PREFIX, StoredModel, TunedModels
from server.domain.testing.progress import TestReaders
from server.domain.testing.results import KeptItems
from server.domain.testing.states import LIVE, EvaluationStore, StoredEvaluation
from server.domain.testing.test_sets import TestSets
from server.errors import Conflict, InvalidInput, NotFound
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.constants import MAX_NAME_CHARACTERS
from shared.grading import reads_probabilities
from shared.wire import EvaluatedItem, Evaluation, EvaluationProgress, EvaluationRequest, Grader, ItemOrder, ListOf, TestSet

_PROGRAM_BYTES: Final = 400e6
_BYTES_PER_PARAMETER: Final = 8.0
_MOST_ANSWER_BYTES: Final = 450e6
"""Peaks of the test program, measured: 336 MB with 1 M parameters and 1,391 MB with 135 M by score (its weights, and about as much again
while they are loaded); in words up to 100 MB and 3 bytes a parameter more for what was said so far, of which the program
never keeps more than 400 MB."""
_log = structlog.get_logger()


class Evaluations:
    """`wake` tells whoever runs them that there is something to do."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        store: EvaluationStore,
        test_sets: TestSets,
        tuned_models: TunedModels,
        base_models: BaseModels,
        readers: TestReaders,
        kept_items: KeptItems,
        *,
        folders: Folders,
    ) -> None:
        self._records = records
        self._clock = clock
        self._store = store
        self._evaluations = store.collection
        self._test_sets = test_sets
        self._tuned_models = tuned_models
        self._base_models = base_models
        self._readers = readers
        self._kept_items = kept_items
        self._folders = folders
        self.wake: Callable[[], None] = lambda: None

    def create(self, owner: str, request: EvaluationRequest, *, idempotency_key: str | None = None) -> Evaluation:
        """A queued evaluation. The same key with the same request gives the same one again; with another request it is refused."""
        fingerprint = hashlib.sha256(f"evaluation:{request.model_dump_json()}".encode()).hexdigest()
        pointer = None if idempotency_key is None else keys.idempotency(owner, hashlib.sha256(idempotency_key.encode()).hexdigest())

        def attempt() -> StoredEvaluation:
            if pointer is not None and (earlier := self._records.get(pointer)) is not None:
                if earlier.data["request"] != fingerprint:
                    raise Conflict(
                        "This Idempotency-Key was used for another request. Use a new key for a new evaluation.",
                        code="evaluations.idempotency_mismatch",
                    )
                return self._evaluations.get(owner, earlier.data["evaluation_id"]).value
            test_set = self._test_sets.stored(owner, request.test_set_id)
            models = [self._tuned_models.stored(owner, model_id) for model_id in dict.fromkeys(request.tuned_model_ids)]
            base = self._base_of(owner, models[0].value)
            touched = {model.value.id: model for model in [*models, *([base] if base is not None else [])]}
            tuned = [model.value for model in models if base is None or model.value.id != base.value.id]
            evaluation = self._new(owner, test_set.value, tuned, base_key=None if base is None else base.value.key, name=request.name)
            changes: list[Put | Delete] = [
                *self._store.adding(evaluation),
                # Touched, so that what it needs cannot be deleted between our look at it and this write.
                self._test_sets.touching(owner, test_set),
                *(self._tuned_models.touching(owner, model) for model in touched.values()),
            ]
            if pointer is not None:
                changes.append(Put(pointer, {"evaluation_id": evaluation.id, "request": fingerprint}, ABSENT))
            self._records.write(*changes)
            return evaluation

        made = retrying(attempt)
        self.wake()
        return self._shown(made)

    def following(self, job: StoredJob, model: StoredModel) -> tuple[StoredJob, list[Put | Delete]]:
        """The job with the evaluation that it asked for, and the changes that make that; part of the write that ends the job. As it was
        where it named no test set, or that is gone, or there is nothing to compare the model with any more."""
        if job.test_set_id is None:
            return job, []
        try:
            test_set = self._test_sets.stored(job.owner, job.test_set_id)
        except NotFound:
            _log.warning("test_set_gone", job=job.id, test_set=job.test_set_id)
            return job, []
        try:
            base = self._tuned_models.stored(job.owner, model.base_model).value if model.base_model.startswith(TUNED_PREFIX) else None
        except NotFound:
            return job, []
        base_key = None if base is None else base.key
        evaluation = self._new(job.owner, test_set.value, [model], base_key=base_key, name=None, job_id=job.id)
        begun = [*self._store.adding(evaluation), self._test_sets.touching(job.owner, test_set)]
        return job.model_copy(update={"evaluation_id": evaluation.id}), begun

    def get(self, owner: str, evaluation_id: str) -> Evaluation:
        return self._shown(self._evaluations.get(owner, evaluation_id).value)

    def page(
        self, owner: str, *, limit: int, after: str | None, test_set_id: str | None = None, tuned_model_id: str | None = None
    ) -> ListOf[Evaluation]:
        """Newest first: all, those of a test set, or those about a tuned model. Raises `NotFound` for one that is not there."""
        if test_set_id is not None and tuned_model_id is not None:
            raise InvalidInput("Give a test set or a tuned model, not both.", code="evaluations.one_subject", param="tuned_model_id")
        if test_set_id is not None:
            page = self._store.of_subject(owner, self._test_sets.get(owner, test_set_id).id, limit=limit, after=after)
        elif tuned_model_id is not None:
            page = self._store.of_subject(owner, self._tuned_models.stored(owner, tuned_model_id).value.key, limit=limit, after=after)
        else:
            page = self._evaluations.page(owner, limit=limit, after=after)
        return ListOf(data=[self._shown(one) for one in page.items], has_more=page.has_more)

    def items(
        self, owner: str, evaluation_id: str, *, limit: int, after: str | None, order: ItemOrder, tuned_model_id: str | None
    ) -> ListOf[EvaluatedItem]:
        """Raises `NotFound` for an evaluation that has not succeeded."""
        evaluation = self._evaluations.get(owner, evaluation_id).value
        if evaluation.results is None:
            raise NotFound(f"This evaluation is {evaluation.state}; it has no results to show.", code="evaluations.no_results")
        if tuned_model_id is not None and tuned_model_id not in evaluation.tuned_model_ids:
            raise NotFound("This evaluation is not about this tuned model.", code="evaluations.other_model")
        tuned = 0 if tuned_model_id is None else evaluation.tuned_model_ids.index(tuned_model_id)
        return self._kept_items.page(evaluation, limit=limit, after=after, order=order, tuned=tuned)

    def item_bytes(self, owner: str, evaluation_id: str) -> Iterator[bytes]:
        """Every item with what each model made of it, a line of JSON each. Raises `NotFound` where there are no results."""
        return self._kept_items.all(self._evaluations.get(owner, evaluation_id).value)

    def cancel(self, owner: str, evaluation_id: str) -> Evaluation:
        """One that waits ends at once; a running one is asked to stop."""

        def attempt() -> StoredEvaluation:
            stored = self._evaluations.get(owner, evaluation_id)
            evaluation = stored.value
            if evaluation.state not in LIVE:
                raise Conflict(f"This evaluation is {evaluation.state}; it cannot be cancelled any more.", code="evaluations.wrong_state")
            if evaluation.state == "running":
                changed = evaluation.model_copy(update={"stop_requested": True})
                self._records.write(self._evaluations.replacing(owner, evaluation_id, changed, version=stored.version))
            else:
                changed = evaluation.model_copy(update={"state": "cancelled", "finished_at": self._clock.now()})
                self._records.write(
                    self._evaluations.replacing(owner, evaluation_id, changed, version=stored.version),
                    Delete(keys.evaluating(evaluation_id), None),
                )
            return changed

        cancelled = retrying(attempt)
        self.wake()
        return self._shown(cancelled)

    def delete(self, owner: str, evaluation_id: str) -> None:
        """An ended one, with its results. Raises `Conflict` for a live one."""

        def attempt() -> None:
            stored = self._evaluations.get(owner, evaluation_id)
            if stored.value.state in LIVE:
                raise Conflict(f"This evaluation is {stored.value.state}. Cancel it first, then delete it.", code="evaluations.still_live")
            self._store.delete(owner, evaluation_id, version=stored.version)

        retrying(attempt)

    def delete_test_set(self, owner: str, test_set_id: str) -> None:
        """With its evaluations. Raises `Conflict` while one of them lives."""

        def attempt() -> None:
            stored = self._test_sets.stored(owner, test_set_id)
            for evaluation in self._store.live(owner):
                if evaluation.test_set_id == test_set_id:
                    raise Conflict(
                        f"The evaluation {evaluation.name!r} is {evaluation.state} and uses this test set. Cancel it or wait for its end.",
                        code="test_sets.in_use",
                    )
            self._store.delete_all_of(owner, test_set_id)
            self._records.write(self._test_sets.removing(owner, stored))
            self._test_sets.delete_items(owner, test_set_id)

        retrying(attempt)

    def _new(
        self,
        owner: str,
        test_set: TestSet,
        models: list[StoredModel],
        *,
        base_key: str | None,
        name: str | None,
        job_id: str | None = None,
    ) -> StoredEvaluation:
        about = models[0].name if len(models) == 1 else f"{models[0].name} and {len(models) - 1} more"
        return StoredEvaluation(
            id=self._clock.new_id("evl"),
            owner=owner,
            name=(name or f"{about}: {test_set.name}")[:MAX_NAME_CHARACTERS],
            test_set_id=test_set.id,
            test_set_name=test_set.name,
            base_model=models[0].base_model,
            base_key=base_key,
            tuned_model_ids=[model.id for model in models],
            model_keys=[model.key for model in models],
            job_id=job_id,
            grader=test_set.grader,
            num_items=test_set.num_items,
            memory_bytes=_memory_bytes(test_set.grader, max(model.num_parameters for model in models)),
            created_at=self._clock.now(),
        )

    def _base_of(self, owner: str, model: StoredModel) -> Stored[StoredModel] | None:
        """The base, where that is a tuned model itself. Raises `Conflict` when the base cannot be had any more."""
        if model.base_model.startswith(TUNED_PREFIX):
            try:
                return self._tuned_models.stored(owner, model.base_model)
            except NotFound:
                raise Conflict(
                    f"{model.name} was tuned from a model that has been deleted, so there is nothing to compare it with.",
                    code="evaluations.base_gone",
                    param="tuned_model_ids",
                ) from None
        if model.method != "scratch":
            self._base_models.usable(model.base_model)
        return None

    def _shown(self, evaluation: StoredEvaluation) -> Evaluation:
        match evaluation.state:
            case "running":
                progress = self._readers.of(self._folders.events_of(evaluation.id)).progress
                progress = progress or EvaluationProgress(stage="Starting the test")
                if evaluation.stop_requested:
                    progress = progress.model_copy(update={"stage": "Stopping", "eta_s": None})
                return evaluation.shown(progress=progress)
            case "queued":
                waiting = self._records.page(keys.EVALUATING_PARTITION, limit=1000).records
                before = sum(record.key.sort < evaluation.id for record in waiting)
                return evaluation.shown(queue_position=before + 1)
            case _:
                return evaluation.shown()


def _memory_bytes(grader: Grader, num_parameters: int) -> int:
    """An estimate from above. Models are tested one after the other."""
    answers = 0.0 if reads_probabilities(grader) else min(_MOST_ANSWER_BYTES, 100e6 + 3 * num_parameters)
    return int(_PROGRAM_BYTES + _BYTES_PER_PARAMETER * num_parameters + answers)
