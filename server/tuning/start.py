"""What a run starts from: a base model's folder, a tuned model's, or the plan of one that begins as noise; and which weights train."""

from dataclasses import dataclass
from pathlib import Path

from server.tuning import failures, lora
from server.tuning.base import Report, ready_folder, tuned_folder
from server.tuning.flat import FlatParameters
from server.tuning.model import CausalModel
from server.tuning.model_folder import build, load_model, read_config
from server.tuning.model_gpt2 import GPT2
from server.tuning.model_shape import gpt2_shape, shape_of
from server.tuning.tokens import TextTokenizer, check_fits
from shared.base_models import CATALOGUE, Scratch
from shared.constants import Method
from shared.job_spec import JobSpec, RunSettings


@dataclass(frozen=True)
class Base:
    """Either a `folder` with weights or a plan to start from `scratch`."""

    folder: Path | None
    scratch: Scratch | None
    context_length: int


def ready_base(spec: JobSpec, report: Report) -> Base:
    """Raises `DamagedModel` and the failures `bad_setting`, `base_unavailable` and `base_damaged`."""
    if spec.base_folder is not None:
        if spec.method == "scratch":
            raise failures.bad_setting("A tuned model cannot be trained from scratch.", "Use LoRA or full to go on from it.")
        return _existing(tuned_folder(spec.base_model, spec.base_folder))
    entry = CATALOGUE.get(spec.base_model)
    if entry is not None and isinstance(entry.source, Scratch):
        if spec.method != "scratch":
            raise failures.bad_setting(f"{entry.name} has no weights to tune with {spec.method}.", "Use the method scratch with it.")
        return Base(None, entry.source, entry.context_length)
    if spec.method == "scratch":
        raise failures.bad_setting("The method scratch needs a from-scratch base model.", "Use LoRA or full, or a from-scratch base model.")
    report("Looking for the base model", None)
    folders = {"base_models_folder": spec.base_models_folder, "models_folder": spec.models_folder}
    return _existing(ready_folder(spec.base_model, **folders, report=report))  # type: ignore[arg-type]


def _existing(folder: Path) -> Base:
    return Base(folder, None, shape_of(read_config(folder)).context_length)


def model_of(base: Base, tokenizer: TextTokenizer, seed: int) -> CausalModel:
    """The model before any training. Raises `DamagedModel`."""
    if base.folder is not None:
        model = load_model(base.folder)
        check_fits(tokenizer, model.shape.vocabulary_size)
        return model
    assert base.scratch is not None
    plan = base.scratch
    shape = gpt2_shape(
        vocabulary_size=tokenizer.vocabulary_size,
        width=plan.width,
        num_layers=plan.num_layers,
        num_heads=plan.num_heads,
        context_length=base.context_length,
    )
    model = build(shape)
    assert isinstance(model, GPT2)
    model.start_from_noise(seed)
    return model


def what_trains(model: CausalModel, method: Method, settings: RunSettings) -> FlatParameters:
    """Adapters, which are put on the model now, or all its weights; in one buffer, whose order a checkpoint relies on.

    Raises the failure `bad_setting`."""
    if method == "lora":
        shape = {"rank": settings.lora_r, "alpha": settings.lora_alpha, "scaling": settings.lora_scaling, "dropout": settings.lora_dropout}
        adapters = lora.attach(model, seed=settings.seed, targets=settings.lora_targets, **shape)  # type: ignore[arg-type]
        if not adapters:
            raise failures.no_lora_targets(settings.lora_targets)
        return FlatParameters(adapters)
    return FlatParameters(model.parameters())
