"""From an evaluation to the spec of the program that runs it: which models from where, the items, the training data to look for them in."""

from pathlib import Path

from server.domain.collection import Collection
from server.domain.documents.files import data_file
from server.domain.documents.service import Documents
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import TUNED_PREFIX, StoredModel, TunedModels
from server.domain.testing.states import StoredEvaluation
from server.domain.testing.test_sets import TestSets
from server.errors import NotFound
from server.ports.blobs import Blobs
from server.ports.records import Records
from shared.evaluation_spec import ITEMS_FILE, BaseModelById, EvaluationSpec, FolderModel, ModelToTest, UntrainedModel


class EvaluationSpecs:
    def __init__(
        self, records: Records, blobs: Blobs, documents: Documents, tuned_models: TunedModels, test_sets: TestSets, folders: Folders
    ) -> None:
        self._blobs = blobs
        self._documents = documents
        self._tuned_models = tuned_models
        self._test_sets = test_sets
        self._folders = folders
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")

    def of(self, evaluation: StoredEvaluation, *, threads: int | None) -> EvaluationSpec:
        """With the items put into the run's folder. Raises `NotFound` when a model, the test set or a document is gone."""
        folder = self._folders.of(evaluation.id)
        test_set = self._test_sets.get(evaluation.owner, evaluation.test_set_id)
        with (folder / ITEMS_FILE).open("wb") as file:
            for line in self._test_sets.lines(evaluation.owner, test_set.id):
                file.write(line + b"\n")
        tuned = [self._tuned_models.stored(evaluation.owner, model_id).value for model_id in evaluation.tuned_model_ids]
        documents = [self._documents.get(evaluation.owner, document_id) for document_id in evaluation.document_ids]
        return EvaluationSpec(
            evaluation_id=evaluation.id,
            run_id=str(evaluation.run_id),
            fence=evaluation.num_runs,
            models=[self._base(evaluation.owner, tuned[0]), *(self._tuned(model) for model in tuned)],
            items=folder / ITEMS_FILE,
            grader=test_set.grader,
            metric=test_set.verdict_on,
            asked_as=test_set.asked_as,
            training_data=[data_file(self._blobs, evaluation.owner, document, folder / "data") for document in documents],
            max_tokens=test_set.max_tokens,
            base_models_folder=self._folders.base_models,
            models_folder=self._folders.own_models,
            threads=threads,
        )

    def training_documents(self, evaluation: StoredEvaluation) -> tuple[list[str], bool]:
        """Documents that the tuned models learned from, and whether that is all of them: a job or a document may be gone."""
        found: dict[str, None] = {}
        whole = True
        for model_id in evaluation.tuned_model_ids:
            try:
                model = self._tuned_models.stored(evaluation.owner, model_id).value
                job = self._jobs.get(evaluation.owner, model.job_id).value
            except NotFound:
                whole = False
                continue
            for document_id in job.document_ids:
                try:
                    self._documents.get(evaluation.owner, document_id)
                    found[document_id] = None
                except NotFound:
                    whole = False
        return list(found), whole

    def _base(self, owner: str, model: StoredModel) -> ModelToTest:
        """What the model was before its training."""
        if model.base_model.startswith(TUNED_PREFIX):
            return self._tuned(self._tuned_models.stored(owner, model.base_model).value)
        if model.method == "scratch":
            source = UntrainedModel(path=self._tuned_models.local_folder(model), seed=self._seed(owner, model))
            return ModelToTest(id=model.base_model, source=source)
        return ModelToTest(id=model.base_model, source=BaseModelById(id=model.base_model))

    def _tuned(self, model: StoredModel) -> ModelToTest:
        folder: Path = self._tuned_models.local_folder(model)
        return ModelToTest(id=model.id, source=FolderModel(path=folder))

    def _seed(self, owner: str, model: StoredModel) -> int:
        try:
            found = self._jobs.get(owner, model.job_id).value.resolved.get("seed")
        except NotFound:
            found = None
        return 0 if found is None else int(found.value)
