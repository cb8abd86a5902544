"""From a request to a queued job: the data that it names, the plan, the look before the run, and the one write that makes it."""

import hashlib
from collections.abc import Sequence

from server.domain import keys
from server.domain.collection import Collection, retrying
from server.domain.datasets.looks import Looks, Subject
from server.domain.datasets.service import Datasets, Material
from server.domain.documents.service import Documents
from server.domain.forecasts.forecaster import Asked, Forecaster
from server.domain.jobs.asked import AskedThere
from server.domain.jobs.plan import Plan, make_plan
from server.domain.jobs.queue import Queue
from server.domain.jobs.states import StoredJob
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TUNED_PREFIX, TunedModels
from server.errors import Conflict, Detail, InvalidInput, StorageFull
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.base_models import BaseModel
from shared.constants import MAX_NAME_CHARACTERS, Accelerator
from shared.wire import (
    Dataset,
    DatasetRequest,
    Forecast,
    Hyperparameters,
    JobChanges,
    JobMove,
    JobRequest,
    Look,
    LookRequest,
    SplitByFraction,
    TestSet,
)


class Submissions:
    def __init__(
        self,
        records: Records,
        clock: Clock,
        documents: Documents,
        datasets: Datasets,
        looks: Looks,
        base_models: BaseModels,
        tuned_models: TunedModels,
        queue: Queue,
        forecaster: Forecaster,
        *,
        accelerators: Sequence[Accelerator] = (),
    ) -> None:
        self._records = records
        self._clock = clock
        self._documents = documents
        self._datasets = datasets
        self._looks = looks
        self._base_models = base_models
        self._tuned_models = tuned_models
        self._queue = queue
        self._forecaster = forecaster
        self._accelerators = accelerators
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self._test_sets = Collection(records, TestSet, kind="test_set", noun="test set")

    def forecast(self, owner: str, request: JobRequest) -> Forecast:
        """What this request would do. Raises what `create` would, but for what does not fit this machine: that is told in the forecast."""
        material = self._material(owner, request)[1]
        return self._forecast(owner, self._plan(owner, request, material), material, begin=True)

    def create(
        self,
        owner: str,
        request: JobRequest,
        *,
        idempotency_key: str | None = None,
        cloned_from: str | None = None,
        asked: AskedThere | None = None,
        said: str | None = None,
    ) -> tuple[StoredJob, bool]:
        """A queued job, and whether it is new. The same key with the same request gives the same job again; with another it is refused.

        `said` is what the caller was asked for, where this request was made of it: two of those are the same when that is.
        """
        fingerprint = hashlib.sha256((said or request.model_dump_json()).encode()).hexdigest()
        pointer = None if idempotency_key is None else keys.idempotency(owner, hashlib.sha256(idempotency_key.encode()).hexdigest())

        def attempt() -> tuple[StoredJob, bool]:
            if pointer is not None and (earlier := self._records.get(pointer)) is not None:
                if earlier.data["request"] != fingerprint:
                    raise Conflict(
                        "This Idempotency-Key was used for another request. Use a new key for a new job.", code="jobs.idempotency_mismatch"
                    )
                return self._jobs.get(owner, earlier.data["job_id"]).value, False
            data, material = self._material(owner, request)
            plan = self._plan(owner, request, material)
            self._check(owner, request, plan, material)
            forecast = self._fitting(owner, plan, material)
            # Read again after the look, which takes its time: what is written below must be what was looked at.
            stored = [self._documents.stored(owner, document.id) for document in material.all]
            if self._material(owner, request)[1].content_sha256 != material.content_sha256:
                raise Conflict("A document was changed while this job was made. Try again.", code="datasets.changed", param="document_ids")
            dataset = data if isinstance(data, Dataset) else self._datasets.create(owner, data)
            if request.test_set_id is not None:
                self._need_test_set(owner, request.test_set_id)
            job = self._new_job(owner, request, plan, material, dataset, forecast)
            job = job.model_copy(update={"cloned_from": cloned_from, "asked": asked})
            changes: list[Put | Delete] = [
                self._jobs.adding(owner, job.id, job),
                self._queue.entering(job, at="back"),
                # Touched, so that what the job needs cannot be deleted between our look at it and this write.
                *(self._documents.touching(owner, document) for document in stored),
                *self._touching_base(owner, job.base_model),
            ]
            if pointer is not None:
                changes.append(Put(pointer, {"job_id": job.id, "request": fingerprint}, ABSENT))
            self._records.write(*changes)
            return job, True

        return retrying(attempt)

    def request_of(self, job: StoredJob) -> JobRequest:
        """The request that would make this job again."""
        return JobRequest(
            name=job.name,
            note=job.note,
            base_model=job.base_model,
            dataset_id=job.dataset_id,
            method=job.method,
            objective=job.objective,
            hyperparameters=job.hyperparameters,
            allow_short_run=job.allow_short_run and not _few_steps_are_wanted(job.hyperparameters),
            test_set_id=job.test_set_id if self._has_test_set(job.owner, job.test_set_id) else None,
        )

    def cloned(self, job: StoredJob, changes: JobChanges) -> JobRequest:
        """The request for a job like this one but for the changes. A name or a method that fitted the original alone is left open."""
        given = changes.model_dump(exclude_none=True, exclude={"hyperparameters"})
        named = changes.hyperparameters.model_dump(exclude_unset=True)
        request = self.request_of(job).model_dump(exclude={"hyperparameters"})
        request["name"] = f"{job.name} again"[:MAX_NAME_CHARACTERS]
        if "base_model" in given and "method" not in given:
            request["method"] = "auto"
        if not {"dataset_id", "document_ids", "base_model"}.isdisjoint(given) and "objective" not in given:
            request["objective"] = "auto"
        if "document_ids" in given and "dataset_id" not in given:
            request["dataset_id"] = None
        hyperparameters = {**job.hyperparameters.model_dump(), **named}
        return JobRequest.model_validate({**request, **given, "hyperparameters": hyperparameters})

    def replanned(self, job: StoredJob, hyperparameters: Hyperparameters) -> StoredJob:
        """A waiting job with other hyper-parameters, planned and looked at as a new one would be."""
        request = self.request_of(job).model_copy(update={"hyperparameters": hyperparameters})
        material = self._material(job.owner, request)[1]
        plan = self._plan(job.owner, request, material)
        self._check(job.owner, request, plan, material)
        forecast = self._fitting(job.owner, plan, material)
        return job.model_copy(
            update={
                "hyperparameters": hyperparameters,
                "resolved": plan.resolved,
                "num_training_tokens": plan.num_training_tokens,
                "memory_bytes": forecast.memory_bytes,
                "forecast": forecast,
                "allow_short_run": request.allow_short_run or _few_steps_are_wanted(request.hyperparameters),
            }
        )

    def look(self, owner: str, request: LookRequest) -> Look:
        """What a base model would see of this data in the very job that these settings would start."""
        as_job = JobRequest.model_validate(request.model_dump())
        material = self._material(owner, as_job)[1]
        plan = self._plan(owner, as_job, material)
        look = self._looks.look(self._subject(owner, plan, material))
        wanted = "few_steps" if _few_steps_are_wanted(as_job.hyperparameters) else None
        return look.model_copy(update={"blockers": [blocker for blocker in look.blockers if blocker.code != wanted]})

    def _forecast(self, owner: str, plan: Plan, material: Material, *, begin: bool = False) -> Forecast:
        subject = self._subject(owner, plan, material)
        asked = Asked(
            base=plan.base,
            base_folder=subject.base_folder,
            is_ready=plan.base.from_scratch or self._base_models.is_prepared(plan.base),
            method=plan.method,
            objective=plan.objective,
            resolved=plan.resolved,
            settings=plan.settings,
            num_tokens=plan.num_tokens,
            num_examples=plan.num_examples,
            num_characters=plan.num_characters,
            plain=all(set(document.shapes or {"text": 1}) == {"text"} for document in material.documents),
            blocks=self._looks.counted(subject),
        )
        return self._forecaster.forecast(asked, begin=begin)

    def _fitting(self, owner: str, plan: Plan, material: Material) -> Forecast:
        """The forecast of a run that fits. Raises `StorageFull`, and `InvalidInput` for what needs more memory than there is."""
        forecast = self._forecast(owner, plan, material)
        obstacle = forecast.obstacle
        if obstacle is None:
            return forecast
        if obstacle.resource == "disk":
            raise StorageFull(obstacle.message, code="storage.full")
        fix = "" if obstacle.change is None else obstacle.change.label
        details = [Detail(obstacle.message, param="hyperparameters.batch_size", fix=fix)]
        raise InvalidInput(obstacle.message, code="jobs.does_not_fit", param="hyperparameters.batch_size", details=details)

    def _has_test_set(self, owner: str, test_set_id: str | None) -> bool:
        return test_set_id is not None and self._records.get(keys.owned(owner, "test_set", test_set_id)) is not None

    def _need_test_set(self, owner: str, test_set_id: str) -> None:
        """Raises `NotFound`."""
        self._test_sets.get(owner, test_set_id)

    def _check(self, owner: str, request: JobRequest, plan: Plan, material: Material) -> None:
        if not request.allow_short_run:
            subject = self._subject(owner, plan, material)
            self._looks.check(subject, few_steps_are_wanted=_few_steps_are_wanted(request.hyperparameters))

    def _plan(self, owner: str, request: JobRequest, material: Material) -> Plan:
        return make_plan(request, material, self._base(owner, request.base_model), self._accelerators)

    def _base(self, owner: str, model_id: str) -> BaseModel:
        """What training starts from: an entry of the catalogue, or one of the owner's tuned models."""
        if model_id.startswith(TUNED_PREFIX):
            return self._tuned_models.as_base(owner, model_id)
        return self._base_models.usable(model_id)

    def _subject(self, owner: str, plan: Plan, material: Material) -> Subject:
        folder = self._tuned_models.folder_to_start_from(owner, plan.base.id)
        return Subject(owner, plan.base, material, plan.settings, folder, plan.objective)

    def _touching_base(self, owner: str, model_id: str) -> list[Put]:
        if not model_id.startswith(TUNED_PREFIX):
            return []
        return [self._tuned_models.touching(owner, self._tuned_models.stored(owner, model_id))]

    def _material(self, owner: str, request: JobRequest) -> tuple[Dataset | DatasetRequest, Material]:
        """The data that a request names, by a dataset or by documents, of which a dataset is then to be made."""
        if (request.dataset_id is None) == (request.document_ids is None):
            raise InvalidInput("Give either a dataset_id or document_ids.", code="jobs.dataset_or_documents", param="document_ids")
        if request.dataset_id is not None:
            dataset = self._datasets.get(owner, request.dataset_id)
            return dataset, self._datasets.material_of(owner, dataset)
        split = SplitByFraction(fraction=request.hyperparameters.validation_fraction, seed=request.hyperparameters.seed)
        asked = DatasetRequest(document_ids=request.document_ids or [], split=split)
        return asked, self._datasets.material(owner, asked)

    def _new_job(self, owner: str, request: JobRequest, plan: Plan, material: Material, dataset: Dataset, forecast: Forecast) -> StoredJob:
        at = self._clock.now()
        return StoredJob(
            id=self._clock.new_id("job"),
            owner=owner,
            name=request.name or f"{dataset.name} on {plan.base.name}"[:MAX_NAME_CHARACTERS],
            note=request.note,
            base_model=plan.base.id,
            dataset_id=dataset.id,
            document_ids=[document.id for document in material.documents],
            validation_document_id=material.validation.id if material.validation else None,
            content_sha256=material.content_sha256,
            allow_short_run=request.allow_short_run or _few_steps_are_wanted(request.hyperparameters),
            method=plan.method,
            objective=plan.objective,
            hyperparameters=request.hyperparameters,
            resolved=plan.resolved,
            num_training_tokens=plan.num_training_tokens,
            memory_bytes=forecast.memory_bytes,
            forecast=forecast,
            created_at=at,
            test_set_id=request.test_set_id,
            history=[JobMove(state="queued", at=at)],
        )


def _few_steps_are_wanted(hyperparameters: Hyperparameters) -> bool:
    """Who says how many steps a run shall take means it."""
    return hyperparameters.max_steps != "auto"
