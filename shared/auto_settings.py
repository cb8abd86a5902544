"""Turns hyper-parameters left at "auto" into values, each with one line of why. Pure: the same input gives the same plan.

Used by the server when a job or a forecast is made, and by the trainer when it is run by hand.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.constants import Accelerator, Method, Objective
from shared.job_spec import RunSettings
from shared.wire import Hyperparameters, Resolved

CHARACTERS_PER_TOKEN = {True: 3.2, False: 4.0}
"""Characters a token, for from-scratch vocabularies and for published ones, on English prose. Measured on the samples."""

TOKENS_AROUND_EXAMPLE = {True: 7, False: 2}
"""What a chat template, or the end of a text, adds to each example. A template's system prompt is computed once a batch and not counted."""


@dataclass(frozen=True)
class DataFacts:
    """What is known about the data before it is tokenised."""

    num_examples: int
    num_characters: int


@dataclass(frozen=True)
class BaseFacts:
    num_parameters: int
    context_length: int
    from_scratch: bool
    chat: bool


def estimate_tokens(data: DataFacts, base: BaseFacts) -> int:
    """Tokens of one epoch over all examples, estimated from characters (the run itself counts them)."""
    around = TOKENS_AROUND_EXAMPLE[base.chat] * data.num_examples
    return max(1, round(data.num_characters / CHARACTERS_PER_TOKEN[base.from_scratch]) + around)


def resolve_method(asked: str, base: BaseFacts) -> Method:
    """The method for "auto": `scratch` where there are no weights to start from, `lora` otherwise."""
    if asked == "auto":
        return "scratch" if base.from_scratch else "lora"
    return asked  # type: ignore[return-value]  # the wire model allows no other word


def resolve_objective(asked: str, *, pairs_only: bool, base: BaseFacts) -> Objective:
    """The objective for "auto". Noise prefers nothing: on pairs it first learns to say what is preferred."""
    if asked == "auto":
        return "preference" if pairs_only and not base.from_scratch else "supervised"
    return asked  # type: ignore[return-value]  # the wire model allows no other word


def resolve(
    asked: Hyperparameters,
    *,
    method: Method,
    base: BaseFacts,
    data: DataFacts,
    accelerators: Sequence[Accelerator] = (),
    objective: Objective = "supervised",
) -> dict[str, Resolved]:
    """Every hyper-parameter with its value and reason, in the order in which a person would read them. `accelerators`: what the machine
    has beside its processor, the best first."""
    tokens = estimate_tokens(data, base)
    plan: dict[str, Resolved] = {}
    pairs = objective == "preference"

    def settle(name: str, value: float | int | str, reason: str) -> float | int | str:
        given = getattr(asked, name)
        plan[name] = Resolved(value=value, reason=reason) if given == "auto" else Resolved(value=given, reason="Set by you.")
        return plan[name].value

    fraction, why_kept = _validation(data.num_examples)
    epochs, why = _epochs_of_pairs(data.num_examples) if pairs else _epochs(method, tokens)
    settle("epochs", epochs, why)
    settle("max_steps", 0, "No limit: as many steps as the epochs take.")
    block = settle("block_size", *_block(method, base.context_length, pairs))
    batch, why = _batch_of_pairs(data.num_examples, tokens, int(block)) if pairs else _batch(method, tokens, int(block))
    settle("batch_size", batch, why)
    settle("gradient_accumulation", 1, "The batch fits in memory as it is.")
    if pairs:
        settle("beta", 0.1, "The usual hold on what the model was: a lower one lets it move further away, a higher one less.")
        rate, why = _learning_rate_of_pairs(method, base.num_parameters)
    else:
        rate, why = _learning_rate(method, base.num_parameters, tokens * float(plan["epochs"].value))
    settle("learning_rate", rate, why)
    settle("scheduler", "cosine", "Falls smoothly to a tenth of the peak, which rarely disappoints.")
    settle("warmup_ratio", 0.05, "A short warm-up keeps the first steps from overshooting.")
    decay = {"lora": 0.0, "full": 0.01, "scratch": 0.1}[method]
    settle("weight_decay", decay, "Adapters are small enough without it." if method == "lora" else "A mild pull towards small weights.")
    settle("max_grad_norm", 1.0, "The usual guard against a single bad batch.")
    rank = settle("lora_r", 16, "Enough for a new topic and a new tone." if method == "lora" else "Only LoRA uses it.")
    settle("lora_alpha", float(2 * int(rank)), "Twice the rank, the usual ratio." if method == "lora" else "Only LoRA uses it.")
    _settle_details(settle, method, pairs)
    settle("validation_fraction", fraction, why_kept)
    settle("early_stopping", *_early_stopping(plan, data.num_examples))
    settle("seed", 42, "Any number will do; the same one gives the same run.")
    settle("accelerator", *_accelerator(accelerators))
    return plan


def _settle_details(settle: Callable[[str, float | int | str, str], object], method: Method, pairs: bool) -> None:
    """What is best left alone nearly always."""

    def of_lora(name: str, value: float | str, reason: str) -> None:
        settle(name, value, reason if method == "lora" else "Only LoRA uses it.")

    of_lora("lora_targets", "all", "Adapters on every linear layer learn more than on a few, for little more memory.")
    of_lora("lora_scaling", "rank", "The usual one; dividing by the root pays for ranks far above 64.")
    of_lora("lora_dropout", 0.0, "The validation keeps the best step, so nothing has to be hidden from adapters this small.")
    smoothing = "Preference pairs have a loss of their own, which does without." if pairs else "The loss stays that of the very words."
    settle("label_smoothing", 0.0, smoothing)


def settings_of(plan: dict[str, Resolved]) -> RunSettings:
    """The plan as the trainer wants it."""
    return RunSettings.model_validate({name: resolved.value for name, resolved in plan.items()})


def estimate_steps(settings: RunSettings, num_tokens: int) -> int:
    """Optimizer steps of a run whose epoch has `num_tokens` tokens before the validation part is taken away."""
    if settings.max_steps:
        return settings.max_steps
    tokens = num_tokens * (1 - settings.validation_fraction)
    blocks = max(1, math.ceil(tokens / settings.block_size))
    per_epoch = max(1, math.ceil(blocks / (settings.batch_size * settings.gradient_accumulation)))
    return max(1, round(per_epoch * settings.epochs))


def _early_stopping(plan: dict[str, Resolved], num_examples: int) -> tuple[int, str]:
    """The trainer validates twelve times where it may end early."""
    kept_back = num_examples * float(plan["validation_fraction"].value)
    if plan["max_steps"].value:
        return 0, "The number of steps is set, so all of them are made; the best weights are kept."
    if float(plan["epochs"].value) < _REPEATED:
        return 0, "Little is read twice, so more steps hardly harm; the best weights are kept, whichever step they are of."
    if kept_back < _ENOUGH_TO_STOP_BY:
        return 0, "Too few examples are kept back to end a run by them; the best weights are kept."
    return 4, "Ends when a third of the run, four validations, found nothing better: data read so often are soon known by heart."


_REPEATED = 3
_ENOUGH_TO_STOP_BY = 4


def _epochs(method: Method, tokens: int) -> tuple[int, str]:
    wanted, most = {"lora": (24_000, 6), "full": (24_000, 4), "scratch": (200_000, 30)}[method]
    epochs = min(most, max(1, round(wanted / tokens)))
    if epochs == 1:
        return 1, f"About {tokens:,} tokens are enough to learn from in one pass."
    return epochs, f"About {tokens:,} tokens are little, so they are read {epochs} times, unless a validation says that it is enough."


def _epochs_of_pairs(num_pairs: int) -> tuple[int, str]:
    epochs = min(3, max(1, round(3_000 / num_pairs)))
    if epochs == 1:
        return 1, f"{num_pairs:,} pairs are enough to learn a preference from in one pass."
    return epochs, f"{num_pairs:,} pairs are read {epochs} times; more would teach these very answers and not what is preferred."


def _block(method: Method, context_length: int, pairs: bool) -> tuple[int, str]:
    if pairs:
        block = min(1024, context_length)
        return block, f"Both answers of a pair are read whole, each with what is asked up to {block} tokens; longer pairs are left out."
    block = min(256 if method == "scratch" else 512, context_length)
    return block, f"Blocks of {block} tokens hold several short examples and keep memory small."


def _batch_of_pairs(num_pairs: int, tokens: int, block: int) -> tuple[int, str]:
    """Blocks with about eight pairs in them: a step that compares fewer follows their chances."""
    in_a_block = max(1.0, block * num_pairs / tokens)
    batch = min(8, max(1, round(8 / in_a_block), 1))
    return batch, f"About {round(batch * in_a_block):,} pairs a step: fewer would say more about themselves than about what is preferred."


def _batch(method: Method, tokens: int, block: int) -> tuple[int, str]:
    blocks = max(1, math.ceil(tokens / block))
    if method == "scratch":
        size = min(4 if blocks < 500 else 8, blocks)
        return size, f"{blocks:,} blocks an epoch: batches of {size} gave the lowest loss for the time."
    batch = 1 if blocks < 100 else 2 if blocks < 1000 else 4
    return batch, f"{blocks:,} blocks an epoch: a batch of {batch} leaves enough steps to learn in."


def _learning_rate(method: Method, num_parameters: int, tokens: float) -> tuple[float, str]:
    """`tokens` over all epochs. For 135 M parameters and 22,000 tokens, adapters learned in two epochs at 2e-3 what took far more at 1e-3
    (validation loss 3.93 to 1.63 against 1.96)."""
    if method == "scratch":
        return (2e-3 if num_parameters < 5e6 else 1e-3 if num_parameters < 20e6 else 6e-4), "Random weights need large steps at first."
    size, short = (0.4 if num_parameters > 300e6 else 1.0), (1.0 if tokens < 200_000 else 0.5)
    length = "a short run" if short == 1.0 else "a long run"
    if method == "lora":
        return 2e-3 * size * short, f"Adapters start at zero and bear a higher rate than full weights; this is {length}."
    return 1e-4 * size * short, f"All weights move, so each moves a little: what the base knows is kept; this is {length}."


def _learning_rate_of_pairs(method: Method, num_parameters: int) -> tuple[float, str]:
    size = 0.4 if num_parameters > 300e6 else 1.0
    if method == "lora":
        return (
            2e-4 * size,
            "A tenth of what adapters bear on plain examples: preferences are learned with small steps, or the language suffers.",
        )
    return (
        5e-6 * size,
        "A twentieth of what the weights bear on plain examples: preferences are learned with small steps, or the language suffers.",
    )


def _accelerator(accelerators: Sequence[Accelerator]) -> tuple[Accelerator, str]:
    if not accelerators:
        return "cpu", "This machine has no accelerator that the trainer can use."
    return accelerators[0], "The fastest that this machine has."


def _validation(num_examples: int) -> tuple[float, str]:
    if num_examples < 4:
        return 0.0, "Too few examples to keep one back."
    if num_examples < 20:
        return round(1.01 / num_examples, 3), "One example is kept back to see what was learned and not memorised."
    if num_examples > 2000:
        return round(200 / num_examples, 4), "200 examples are enough to measure on."
    return 0.1, "A tenth is kept back to see what was learned and not memorised."
