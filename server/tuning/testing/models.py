"""The models of a test, found as the generation worker finds them, and the one that a from-scratch model was before its training."""

from pathlib import Path

from server.tuning import failures
from server.tuning.base import Report, ready_folder, tuned_folder
from server.tuning.model import CausalModel
from server.tuning.model_folder import DamagedModel, build, end_ids, load_model, read_config
from server.tuning.model_gpt2 import GPT2
from server.tuning.model_shape import shape_of
from server.tuning.serving import Loaded
from server.tuning.tokens import load_tokenizer
from shared.base_models import CATALOGUE
from shared.evaluation_spec import BaseModelById, EvaluationSpec, ModelToTest, UntrainedModel


def loaded(model: ModelToTest, spec: EvaluationSpec, report: Report) -> Loaded:
    """Raises the failures `base_unavailable` and `base_damaged`."""
    folder = _folder(model, spec, report)
    try:
        weights = _untrained(folder, model.source.seed) if isinstance(model.source, UntrainedModel) else load_model(folder)
        return Loaded(weights, load_tokenizer(folder), end_ids(folder))
    except DamagedModel as error:
        raise failures.base_damaged(model.id, str(error)) from error


def _folder(model: ModelToTest, spec: EvaluationSpec, report: Report) -> Path:
    if not isinstance(model.source, BaseModelById):
        return tuned_folder(model.id, model.source.path)
    entry = CATALOGUE.get(model.source.id)
    if entry is not None and entry.from_scratch:
        why = "It starts from noise, with a vocabulary that only a training gives it."
        raise failures.base_unavailable(model.id, why, "Test it beside a model that was trained from it.")
    return ready_folder(model.source.id, base_models_folder=spec.base_models_folder, models_folder=spec.models_folder, report=report)


def _untrained(folder: Path, seed: int) -> CausalModel:
    """The same noise as the training began with."""
    try:
        model = build(shape_of(read_config(folder)))
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(str(error)) from error
    if not isinstance(model, GPT2):
        raise DamagedModel("it was not trained from scratch")
    model.start_from_noise(seed)
    return model
