"""From a request in OpenAI's words to a job of ours. "auto" is what the product chooses; a rate is a multiple of that."""

import math
from dataclasses import dataclass
from typing import Any, Final

from server.domain.datasets.service import Datasets
from server.domain.jobs.asked import AskedThere, Number
from server.domain.jobs.service import Jobs
from server.domain.models.tuned import TUNED_PREFIX
from server.domain.openai.files import Files
from server.domain.openai.names import ModelNames
from server.errors import InvalidInput
from shared.constants import MIN_EXAMPLES_TO_SPLIT, MIN_OPTIMIZER_STEPS, Objective
from shared.wire import DatasetRequest, Document, Hyperparameters, JobRequest, Look, LookRequest, SplitByDocument
from shared.wire.openai.jobs import AskedHyperparameters, JobCreate, Knobs

_STEPS_FOR_LITTLE: Final = 2 * MIN_OPTIMIZER_STEPS
_MOST_EPOCHS: Final = 50
_SMALLEST_BLOCK: Final = 16
_OBJECTIVES: Final[dict[str, Objective]] = {"supervised": "supervised", "dpo": "preference"}


@dataclass(frozen=True)
class Asking:
    files: Files
    datasets: Datasets
    jobs: Jobs
    names: ModelNames

    def understood(self, owner: str, body: JobCreate) -> tuple[JobRequest, AskedThere]:
        """The job that is meant. Raises `InvalidInput` for what this installation does not do, `NotFound` for what is not there."""
        if body.integrations:
            raise InvalidInput(
                "No integrations: this installation reports to nobody. Its own page and webhooks show how a job goes.",
                code="unsupported_integration",
                param="integrations",
            )
        method = _method(body)
        knobs = body.llm_tuner or Knobs()
        asked = _asked(body, method)
        base, remarks = self._base(body.model, knobs)
        training = self.files.document(owner, body.training_file, param="training_file")
        validation = body.validation_file and self.files.document(owner, body.validation_file, param="validation_file")
        hyperparameters = _hyperparameters(asked, knobs, seed=body.seed)
        if training.num_examples < MIN_EXAMPLES_TO_SPLIT and hyperparameters.validation_fraction == "auto":
            hyperparameters = hyperparameters.model_copy(update={"validation_fraction": 0.0})
        request = JobRequest(
            name=knobs.name or body.suffix,
            note=knobs.note,
            base_model=base,
            document_ids=None if validation else [training.id],
            dataset_id=self._dataset(owner, training, validation) if validation else None,
            method=knobs.method,
            objective="auto" if body.method is None else _OBJECTIVES[method],
            hyperparameters=hyperparameters,
            allow_short_run=knobs.allow_short_run,
            test_set_id=knobs.test_set_id,
        )
        if asked.learning_rate_multiplier != "auto" and hyperparameters.learning_rate == "auto":
            request = self._with_rate(owner, request, float(asked.learning_rate_multiplier))
        return request, asked.model_copy(update={"remarks": remarks})

    def made_longer(self, owner: str, request: JobRequest, asked: AskedThere) -> tuple[JobRequest, AskedThere]:
        """The same for data that gave too few steps: in blocks of about one example each, so that a batch is as many examples as there,
        and read often enough where that was left to us. What is still short then was asked for, and is told."""
        look = self._look(owner, request)
        hyperparameters = request.hyperparameters
        if hyperparameters.block_size == "auto":
            block = max(_SMALLEST_BLOCK, math.ceil(look.longest / 16) * 16)
            usual = self.jobs.forecast(owner, request).resolved
            if block < int(usual["block_size"].value):
                request = _changed(request, block_size=block, batch_size=usual["batch_size"].value)
                look = self._look(owner, request)
        if hyperparameters.epochs == "auto" and look.num_steps < _STEPS_FOR_LITTLE:
            epochs = float(self.jobs.forecast(owner, request).resolved["epochs"].value)
            wanted = math.ceil(epochs * _STEPS_FOR_LITTLE / max(1, look.num_steps))
            request = _changed(request, epochs=min(_MOST_EPOCHS, wanted))
            look = self._look(owner, request)
        remark = f"There is little data: the run has {look.num_steps} optimizer steps."
        if look.num_steps < MIN_OPTIMIZER_STEPS:
            remark += (
                f" Fewer than {MIN_OPTIMIZER_STEPS} teach a model next to nothing. Leave n_epochs and batch_size at auto, or add examples."
            )
        request = request.model_copy(update={"allow_short_run": True})
        return request, asked.model_copy(update={"remarks": [*asked.remarks, remark]})

    def _base(self, model: str, knobs: Knobs) -> tuple[str, list[str]]:
        if knobs.base_model is not None:
            return knobs.base_model, []
        if model.startswith(TUNED_PREFIX):
            return model, []
        base, stands_in = self.names.base(model)
        if not stands_in:
            return base.id, []
        return base.id, [f"{model} is a model of OpenAI and not on this machine. {base.id} is tuned in its place."]

    def _dataset(self, owner: str, training: Document, validation: Document) -> str:
        split = SplitByDocument(document_id=validation.id)
        return self.datasets.create(owner, DatasetRequest(document_ids=[training.id], split=split)).id

    def _with_rate(self, owner: str, request: JobRequest, multiplier: float) -> JobRequest:
        usual = float(self.jobs.forecast(owner, request).resolved["learning_rate"].value)
        return _changed(request, learning_rate=min(1.0, usual * multiplier))

    def _look(self, owner: str, request: JobRequest) -> Look:
        fields = set(LookRequest.model_fields)
        return self.jobs.look(owner, LookRequest.model_validate(request.model_dump(include=fields)))


def _method(body: JobCreate) -> str:
    kind = "supervised" if body.method is None else body.method.type
    if kind not in _OBJECTIVES:
        raise InvalidInput(
            f"The method {kind[:40]!r} is not supported here. There is: {', '.join(_OBJECTIVES)}.",
            code="unsupported_method",
            param="method.type",
        )
    return kind


def _asked(body: JobCreate, method: str) -> AskedThere:
    """`method` counts before the older `hyperparameters`."""
    part = None if body.method is None else getattr(body.method, method)
    newer = part.hyperparameters if part is not None and part.hyperparameters is not None else AskedHyperparameters()
    given = (body.hyperparameters or AskedHyperparameters()).model_dump(exclude_none=True) | newer.model_dump(exclude_none=True)
    return AskedThere.model_validate(given | {"model": body.model, "metadata": body.metadata})


def _hyperparameters(asked: AskedThere, knobs: Knobs, *, seed: int | None) -> Hyperparameters:
    """Ours count first: they say exactly what is meant."""
    there: dict[str, Number | None] = {"epochs": asked.n_epochs, "batch_size": asked.batch_size, "beta": asked.beta, "seed": seed}
    ours = knobs.model_dump(include=set(Hyperparameters.model_fields), exclude_unset=True)
    return Hyperparameters.model_validate({name: value for name, value in there.items() if value is not None} | ours)


def _changed(request: JobRequest, **hyperparameters: Any) -> JobRequest:
    return request.model_copy(update={"hyperparameters": request.hyperparameters.model_copy(update=hyperparameters)})
