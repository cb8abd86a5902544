"""Every way in which a run can fail, as a code with a message, its likely cause and what to do next; and the one translation from
exceptions to them. The server shows these words to the user as they are, so no path of this machine and no stack stands in them.
"""

import errno
import re
from collections.abc import Sequence

from shared.constants import Method
from shared.job_spec import RunSettings
from shared.trainer_events import FailureAction

RETRY = FailureAction(kind="retry", label="Try again")
_SHORTEST_BLOCK = 32
_USUAL_RATES: dict[Method, float] = {"lora": 2e-3, "full": 1e-4, "scratch": 2e-3}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TuningFailure(Exception):
    """A run that cannot go on, for a reason that its user can understand. `code` is one word, for programs.

    `action`: what a button beside the failure may do about it.
    """

    def __init__(self, code: str, message: str, *, cause: str, fix: str, action: FailureAction | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.cause, self.fix, self.action = code, message, cause, fix, action


class Cancelled(BaseException):
    """The run was asked to stop. Not an `Exception`, so that no `except Exception` on the way swallows it."""


def failure_of(error: BaseException, settings: RunSettings | None = None) -> TuningFailure:
    """The failure behind any exception that ended a run with these settings."""
    if isinstance(error, TuningFailure):
        return error
    if is_disk_full(error):
        return disk_full()
    if is_out_of_memory(error):
        return out_of_memory(settings)
    return TuningFailure(
        "internal",
        f"The trainer stopped on an error of its own ({type(error).__name__}).",
        cause="This is a defect of the trainer, or of a library below it, and not of your data.",
        fix="Try again; if it happens again, report it together with the run's log.",
        action=RETRY,
    )


def is_disk_full(error: BaseException) -> bool:
    """True for an `OSError` that says so, and for safetensors' own error, which carries the number only in its text."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    match = re.search(r"\(os error (\d+)\)", str(error))
    return bool(match) and int(match.group(1)) in _FULL


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("can't allocate memory" in text or "out of memory" in text)


def disk_full() -> TuningFailure:
    return TuningFailure(
        "disk_full",
        "The disk is full, so the model could not be saved.",
        cause="The trained model, and the base model when it is prepared for the first time, need free space on the data disk.",
        fix="Delete models or documents that are no longer needed, or free space on the disk, then try again: it goes on from the last "
        "checkpoint.",
        action=RETRY,
    )


def out_of_memory(settings: RunSettings | None = None) -> TuningFailure:
    return TuningFailure(
        "out_of_memory",
        "The machine ran out of memory.",
        cause="The base model, the batch or the blocks are too large for this machine.",
        fix="Use a smaller batch size or block size, the method LoRA instead of full, or a smaller base model.",
        action=None if settings is None else _in_less_memory(settings),
    )


def _in_less_memory(settings: RunSettings) -> FailureAction | None:
    """Half the batch in twice as many parts learns the same; shorter blocks are the next best."""
    if settings.batch_size > 1:
        half, parts = settings.batch_size // 2, settings.gradient_accumulation * 2
        label = f"Start a copy with batches of {half}"
        return FailureAction(kind="clone", label=label, hyperparameters={"batch_size": half, "gradient_accumulation": parts})
    if settings.block_size >= 2 * _SHORTEST_BLOCK:
        half = settings.block_size // 2
        return FailureAction(kind="clone", label=f"Start a copy with blocks of {half} tokens", hyperparameters={"block_size": half})
    return None


def nan_loss(step: int, learning_rate: float, method: Method) -> TuningFailure:
    lower = _lower(learning_rate, method)
    return TuningFailure(
        "nan_loss",
        f"The loss at step {step} was not a number, so the training was stopped.",
        cause=f"The learning rate {learning_rate:g} is probably too high for this base model.",
        fix=f"Start again with a learning rate of {lower:g}.",
        action=_at_rate(lower),
    )


def diverged(step: int, learning_rate: float, method: Method) -> TuningFailure:
    lower = _lower(learning_rate, method)
    return TuningFailure(
        "diverged",
        f"The loss ran away: at step {step} it was several times what it was at the start, and not coming back. The training was stopped.",
        cause=f"The learning rate {learning_rate:g} is probably too high for this base model.",
        fix=f"Start again with a learning rate of {lower:g}.",
        action=_at_rate(lower),
    )


def _lower(learning_rate: float, method: Method) -> float:
    """A fifth, and never more than what would be taken without being asked: one press of the button should do."""
    return float(f"{min(learning_rate / 5, _USUAL_RATES[method]):.1g}")


def _at_rate(learning_rate: float) -> FailureAction:
    label = f"Start a copy with a learning rate of {learning_rate:g}"
    return FailureAction(kind="clone", label=label, hyperparameters={"learning_rate": learning_rate})


def data_changed(name: str) -> TuningFailure:
    return TuningFailure(
        "data_changed",
        f"The document {name!r} is no longer what it was when the job was made.",
        cause="Its bytes were changed, cut short or damaged after the upload.",
        fix="Upload the document again and start a new job with it.",
    )


def data_missing(name: str) -> TuningFailure:
    return TuningFailure(
        "data_missing",
        f"The document {name!r} could not be opened.",
        cause="It was deleted or moved after the job was made.",
        fix="Upload the document again and start a new job with it.",
    )


def no_examples(message: str, fix: str) -> TuningFailure:
    return TuningFailure("no_examples", message, cause="There is nothing in the data that the model could learn to write.", fix=fix)


def all_masked() -> TuningFailure:
    return TuningFailure(
        "no_examples",
        "The examples hold nothing to learn: no token of theirs carries loss.",
        cause="Every answer is empty, or marked as read only (weight 0), or there is only one token to each example.",
        fix="Add examples with completions of at least one word.",
    )


def no_pairs(num_too_long: int, num_alike: int, block_size: int) -> TuningFailure:
    return TuningFailure(
        "no_examples",
        "No preference pair is left to learn from.",
        cause=f"{num_too_long:,} pairs are longer than a block of {block_size:,} tokens; of {num_alike:,} both answers are the same.",
        fix="Raise the block size, or shorten what is asked and answered.",
    )


def few_steps(num_steps: int) -> TuningFailure:
    return TuningFailure(
        "few_steps",
        f"The run would end after {num_steps} optimizer step{'s' if num_steps != 1 else ''}, which is too few to learn anything.",
        cause="There is little data for the batch size and the block size, or max_steps is set very low.",
        fix="Add examples, raise the epochs, or lower the batch size or the block size; or start the job again as a short run on purpose.",
    )


def base_unavailable(base_model: str, cause: str, fix: str, *, may_pass: bool = False) -> TuningFailure:
    """`may_pass`: trying again may help, as after a network that was down."""
    message = f"The base model {base_model!r} is not available on this machine."
    return TuningFailure("base_unavailable", message, cause=cause, fix=fix, action=RETRY if may_pass else None)


def base_damaged(base_model: str, what: str) -> TuningFailure:
    return TuningFailure(
        "base_damaged",
        f"The files of the base model {base_model!r} cannot be used: {what}.",
        cause="They were cut short or changed on the disk, or they do not belong to a model of a supported kind.",
        fix="Put the model's files in place again; for a model of the catalogue, delete its prepared copy and start again.",
    )


def no_accelerator(wanted: str, there: Sequence[str]) -> TuningFailure:
    return TuningFailure(
        "no_accelerator",
        f"This run was to compute on {wanted}, and torch finds none here.",
        cause=f"The card or its driver is gone since the job was made, or this torch does not support it. There is: {', '.join(there)}.",
        fix="Start a copy that computes on the processor, or let somebody look at the driver and try again.",
        action=FailureAction(kind="clone", label="Start a copy on the processor", hyperparameters={"accelerator": "cpu"}),
    )


def no_lora_targets(targets: str) -> TuningFailure:
    return bad_setting(
        f"The base model has no layers of the kind {targets!r}, so there is nothing to put adapters on.",
        "Use adapters on all linear layers, or the method full.",
    )


def bad_setting(message: str, fix: str) -> TuningFailure:
    return TuningFailure("bad_setting", message, cause="The settings do not fit together or do not fit the base model.", fix=fix)
