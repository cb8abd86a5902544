"""Base models and one's own tuned ones as a list of names, and where a program finds what a name means."""

from dataclasses import dataclass
from typing import Final

from server.domain.jobs.service import Jobs
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TUNED_PREFIX, TunedModels
from server.domain.openai.checkpoints import Checkpoints
from server.domain.openai.ids import seconds
from server.domain.openai.names import ModelNames
from server.errors import InvalidInput, NotFound
from server.ports.textgen import TextModel
from shared.base_models import BaseModel
from shared.wire.openai.models import Model

_OURS: Final = "llm-tuner"
_PAGE: Final = 100


@dataclass(frozen=True)
class Models:
    base_models: BaseModels
    tuned_models: TunedModels
    jobs: Jobs
    checkpoints: Checkpoints
    names: ModelNames

    def all(self, owner: str) -> list[Model]:
        """One's own tuned models, the newest first, then the base models that can be used now."""
        found = []
        more, after = True, None
        while more:
            page = self.tuned_models.page(owner, limit=_PAGE, after=after)
            found += [Model(id=model.id, created=seconds(model.created_at), owned_by=owner) for model in page.data]
            more, after = page.has_more, page.data[-1].id if page.data else None
        return found + [_of_base(base.id) for base in self.base_models.all().data if base.availability != "unavailable"]

    def get(self, owner: str, model_id: str) -> Model:
        """Raises `NotFound`. A name that only stands for a base model is answered with that."""
        if not model_id.startswith(TUNED_PREFIX):
            return _of_base(self.names.base(model_id)[0].id)
        checkpoint = self.checkpoints.job_of(owner, model_id)
        if checkpoint is not None:
            self.source(owner, model_id)
            return Model(id=model_id, created=seconds(checkpoint[0].created_at), owned_by=owner)
        return Model(id=model_id, created=seconds(self.tuned_models.get(owner, model_id).created_at), owned_by=owner)

    def delete(self, owner: str, model_id: str) -> None:
        if not model_id.startswith(TUNED_PREFIX) or self.checkpoints.job_of(owner, model_id) is not None:
            raise InvalidInput(
                "Only tuned models can be deleted: base models belong to everybody, and checkpoints go with their job.",
                code="unsupported_operation",
                param="model",
            )
        self.jobs.delete_model(owner, model_id)

    def source(self, owner: str, model_id: str) -> TextModel:
        """What answers under this name. Raises `NotFound`, `InvalidInput` for a model that has no weights, `Conflict` for one that cannot
        be had now."""
        if not model_id.startswith(TUNED_PREFIX):
            return self._base(self.names.base(model_id)[0])
        checkpoint = self.checkpoints.job_of(owner, model_id)
        if checkpoint is None:
            return self._tuned(owner, model_id)
        job, step = checkpoint
        if job.tuned_model is None:
            found = self.jobs.checkpoint(owner, job.id, str(step))
            return TextModel(model_id, "checkpoint", str(found.folder))
        kept, _ = self.checkpoints.page(owner, job, limit=1, after=None)
        if step not in {one.step_number for one in kept}:
            raise NotFound("Of a job that has succeeded only the checkpoint that became its model is kept.", code="model.not_found")
        return self._tuned(owner, job.tuned_model)

    def _tuned(self, owner: str, model_id: str) -> TextModel:
        stored = self.tuned_models.stored(owner, model_id).value
        return TextModel(model_id, "folder", str(self.tuned_models.local_folder(stored)))

    def _base(self, base: BaseModel) -> TextModel:
        if base.from_scratch:
            raise InvalidInput(
                "A from-scratch base has no weights yet, so it has nothing to say.", code="generate.from_scratch", param="model"
            )
        self.base_models.usable(base.id)
        source = self.base_models.source_of(base)
        return TextModel(base.id, "folder", source["path"]) if source["kind"] == "folder" else TextModel(base.id, "base", source["id"])


def _of_base(base_id: str) -> Model:
    """When it was made is not known here."""
    return Model(id=base_id, created=0, owned_by=_OURS)
