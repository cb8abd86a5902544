"""From amounts and a calibration to seconds, memory and disk. Pure arithmetic: what a training does, part by part.

Every number that depends on the machine or on the trainer's code is measured by the calibration; those that stand here were fitted on the
runs of `scripts/bench forecast`.
"""

from dataclasses import dataclass
from typing import Final

from server.domain.forecasts.amounts import Amounts, Batch
from shared.base_models import BaseModel
from shared.calibration import Calibration
from shared.constants import Method
from shared.job_spec import RunSettings

_EVALUATIONS, _EVALUATIONS_TO_STOP_BY = 4, 12
_PROMPTS, _PROMPT_ROWS, _GENERATED = 3, 40, 32
"""The trainer's own numbers: evaluations after step 0, and sample generations before and after the training."""
_READ_CHARACTER_S: Final = 0.6e-6
_LEARN_CHARACTER_S: Final = 1.0e-6
_UNPACK_PARAMETER_S: Final = 40e-9
_SETTLE_S: Final = 0.6
"""Reading, tokenising, learning a vocabulary, and unpacking a base: single-threaded work of code that rarely changes."""
_KEPT_CHECKPOINTS: Final = 3
_LARGEST_SHARE: Final = 0.04
_TOKENIZER_BYTES: Final = 3_000_000


@dataclass(frozen=True)
class Seconds:
    """Of each part of a run, in their order."""

    start: float
    prepare: float
    generate: float
    train: float
    validate: float
    checkpoints: float
    export: float

    @property
    def total(self) -> float:
        return self.start + self.prepare + self.generate + self.train + self.validate + self.checkpoints + self.export


@dataclass(frozen=True)
class Run:
    """What is to be foretold. `is_ready`: the base model lies on this machine as it is used."""

    base: BaseModel
    method: Method
    settings: RunSettings
    amounts: Amounts
    checkpoint_every_s: float = 30.0
    is_ready: bool = True


def num_trained(run: Run, found: Calibration) -> int:
    if run.method != "lora":
        return found.num_trained_at_16
    return round(found.num_trained_at_16 * run.settings.lora_r / 16)


def seconds_of(run: Run, found: Calibration) -> Seconds:
    amounts, trained = run.amounts, num_trained(run, found)
    weights = 4 * found.num_parameters
    asked = found.num_layers * found.layer_forward.seconds(_PROMPT_ROWS, _PROMPT_ROWS**2 / 2, 1)
    generation = _PROMPTS * (_GENERATED * found.token_s + asked)
    train = amounts.num_steps * step_s(run, found)
    evaluations = _EVALUATIONS_TO_STOP_BY if run.settings.early_stopping else _EVALUATIONS
    validations = (1 + min(evaluations, amounts.num_steps)) * amounts.num_validation_batches
    validate = validations * _forward_s(found, amounts.validation)
    probes = 2 * _forward_s(found, amounts.validation if amounts.num_validation_batches else amounts.batch)
    checkpoint = 16 * trained * (found.write_byte_s + found.read_byte_s)
    every = max(run.checkpoint_every_s, checkpoint * (1 - _LARGEST_SHARE) / _LARGEST_SHARE)
    copies = 1.1 if run.method == "lora" else 1.5
    prepare = _SETTLE_S + amounts.num_characters * (_READ_CHARACTER_S + (_LEARN_CHARACTER_S if run.base.from_scratch else 0))
    if not run.is_ready:
        prepare += _UNPACK_PARAMETER_S * found.num_parameters + weights * (found.write_byte_s + found.read_byte_s)
    return Seconds(
        start=found.start_s,
        prepare=prepare + (0 if run.base.from_scratch else weights * found.read_byte_s),
        generate=2 * generation,
        train=train,
        validate=validate,
        checkpoints=checkpoint * ((train + validate) // every),
        export=probes + copies * weights * (found.write_byte_s + 2 * found.read_byte_s),
    )


def step_s(run: Run, found: Calibration) -> float:
    """One optimizer step."""
    batch = run.amounts.batch
    layers = found.num_layers * found.layer.seconds(batch.rows, batch.pairs, batch.runs)
    return run.amounts.micro_batches * (layers + batch.trained_rows * found.head_row_s) + num_trained(run, found) * found.step_number_s


def _forward_s(found: Calibration, batch: Batch) -> float:
    return (
        found.num_layers * found.layer_forward.seconds(batch.rows, batch.pairs, batch.runs) + batch.trained_rows * found.head_forward_row_s
    )


def memory_bytes_of(run: Run, found: Calibration) -> int:
    """The most that the trainer has in memory at once: while it trains, or while it writes or loads the model."""
    trained, weights = num_trained(run, found), 4 * found.num_parameters
    frozen = weights if run.method == "lora" else 0
    best = 4 * trained if run.amounts.num_validation_batches else 0
    state = frozen + 16 * trained + best
    batch = run.amounts.batch
    passes = _HELD_BACK * batch.rows * (found.num_layers * found.saved_row_bytes + found.working_row_bytes)
    training = state + passes + found.head_bytes
    return round(found.start_bytes + found.grown_bytes + _OWN_BYTES + max(training, 2 * weights))


_OWN_BYTES: Final = 30_000_000
"""The tokenizer, the mapped tokens and the run's own objects."""
_HELD_BACK: Final = 1.1
"""The allocator keeps some of what batches of ever other sizes leave."""


def left_bytes_of(run: Run, found: Calibration | None) -> tuple[int, int]:
    """What a run leaves for good: at least the model, and the last weights beside it where an earlier step was the best."""
    weights = 4 * run.base.num_parameters + _TOKENIZER_BYTES
    trained = 4 * _trained_or_guessed(run, found)
    if run.method == "lora":
        return weights + trained, weights + (2 * trained if run.amounts.num_validation_batches else trained)
    return weights, 2 * weights if run.amounts.num_validation_batches else weights


def room_bytes_of(run: Run, found: Calibration | None) -> int:
    """The most that a run needs on the disk: what it leaves, once more while that is taken into the store, checkpoints, the base itself."""
    checkpoints = _KEPT_CHECKPOINTS * 16 * _trained_or_guessed(run, found)
    return 2 * left_bytes_of(run, found)[1] + checkpoints + (0 if run.is_ready else run.base.size_bytes)


def _trained_or_guessed(run: Run, found: Calibration | None) -> int:
    if found is not None:
        return num_trained(run, found)
    return run.base.num_parameters if run.method != "lora" else round(0.036 * run.base.num_parameters * run.settings.lora_r / 16)
