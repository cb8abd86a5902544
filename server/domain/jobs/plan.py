"""From a request to what will be done: checks everything that can be known before a run, and writes the trainer's spec."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.datasets.service import Material
from server.domain.jobs.objective import objective_of
from server.errors import InvalidInput
from shared.auto_settings import (
    BaseFacts,
    DataFacts,
    estimate_steps,
    estimate_tokens,
    resolve,
    resolve_method,
    settings_of,
)
from shared.base_models import BaseModel
from shared.constants import MIN_EXAMPLES_TO_SPLIT, Accelerator, Method, Objective
from shared.job_spec import RunSettings
from shared.wire import Hyperparameters, JobRequest, Resolved, Split, SplitByDocument


@dataclass(frozen=True)
class Plan:
    """`num_tokens` are those of one epoch over all examples, estimated; `num_steps` likewise."""

    base: BaseModel
    method: Method
    objective: Objective
    resolved: dict[str, Resolved]
    settings: RunSettings
    num_examples: int
    num_characters: int
    num_tokens: int
    num_steps: int

    @property
    def num_training_tokens(self) -> int:
        """Tokens that all optimizer steps read together."""
        return self.num_steps * self.settings.tokens_per_step


def make_plan(request: JobRequest, material: Material, base: BaseModel, accelerators: Sequence[Accelerator] = ()) -> Plan:
    """Raises `InvalidInput` with the field's name for everything that could not train. `accelerators`: what there is beside the CPU."""
    documents = material.documents
    facts = BaseFacts(base.num_parameters, base.context_length, base.from_scratch, base.chat)
    method = resolve_method(request.method, facts)
    if (method == "scratch") != base.from_scratch:
        other = "only train from scratch" if base.from_scratch else "not be trained from scratch; choose a from-scratch base for that"
        raise InvalidInput(f"{base.name} can {other}. Leave the method at auto.", code="jobs.wrong_method", param="method")
    objective = objective_of(request.objective, material, facts)
    data = DataFacts(sum(document.num_examples for document in documents), sum(document.num_characters for document in documents))
    asked = _with_split(request.hyperparameters, material.split)
    if data.num_examples < MIN_EXAMPLES_TO_SPLIT and asked.validation_fraction != 0:
        raise InvalidInput(
            f"The data holds {data.num_examples} example{'s' if data.num_examples != 1 else ''}; keeping some back for validation takes "
            f"at least {MIN_EXAMPLES_TO_SPLIT}. Add examples, or set validation_fraction to 0.",
            code="jobs.too_few_examples",
            param="document_ids",
        )
    if asked.block_size != "auto" and asked.block_size > base.context_length:
        raise InvalidInput(
            f"{base.name} reads at most {base.context_length} tokens at once; choose a block_size up to that.",
            code="jobs.block_too_long",
            param="hyperparameters.block_size",
        )
    _need(asked.accelerator, accelerators)
    resolved = resolve(asked, method=method, base=facts, data=data, accelerators=accelerators, objective=objective)
    settings = settings_of(resolved)
    num_tokens = estimate_tokens(data, facts)
    steps = estimate_steps(settings, num_tokens)
    return Plan(base, method, objective, resolved, settings, data.num_examples, data.num_characters, num_tokens, steps)


def _need(asked: str, accelerators: Sequence[Accelerator]) -> None:
    there = [*accelerators, "cpu"]
    if asked != "auto" and asked not in there:
        raise InvalidInput(
            f"The trainer finds no {asked} on this machine. There is: {', '.join(there)}. Leave it at auto for the best of them.",
            code="jobs.no_accelerator",
            param="hyperparameters.accelerator",
        )


def _with_split(asked: Hyperparameters, split: Split) -> Hyperparameters:
    """What the dataset says about its split fills in what the job leaves at auto. A document to validate on leaves nothing to split."""
    if isinstance(split, SplitByDocument):
        return asked.model_copy(update={"validation_fraction": 0.0})
    filled = {"validation_fraction": split.fraction, "seed": split.seed}
    return asked.model_copy(update={name: value for name, value in filled.items() if getattr(asked, name) == "auto"})
