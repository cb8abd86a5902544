"""Why a run did not give a model, in words for a person: what happened, the likely cause, what to do next, and a button for it."""

from typing import Any, Final

from pydantic import ValidationError

from server.domain.jobs.states import StoredJob
from server.errors import LlmTunerError
from server.ports.launcher import RunStatus
from shared.job_spec import EXIT_CANCELLED, EXIT_SUPERSEDED
from shared.trainer_events import FailedEvent
from shared.wire import JobAction, JobError

_RETRY: Final = JobAction(kind="retry", label="Try again from the last checkpoint")
_LOWER_RATE: Final = 1 / 3


def told_by_trainer(failed: FailedEvent) -> JobError:
    """The trainer's own words, with the button that it names."""
    action = _named(getattr(failed, "action", None))
    return JobError(code=failed.code, message=failed.message, cause=failed.cause, fix=failed.fix, action=action)


def empty_result(job: StoredJob) -> JobError:
    return JobError(
        code="empty_result",
        message="The run ended without a usable model.",
        cause="It did not make all its steps, or its loss was not a number.",
        fix="Try again with a lower learning rate, or with more data.",
        action=_with_lower_rate(job),
    )


def out_of_memory(job: StoredJob) -> JobError:
    return JobError(
        code="out_of_memory",
        message="The system ended the training because the machine ran out of memory. It was not started again by itself.",
        cause="The model, its batch and what else runs on this machine need more memory than there is; it would end the same way again.",
        fix="Train with a smaller batch, close other programs, or choose a smaller base model. The last checkpoint is kept.",
        action=_with_less_memory(job),
    )


def crashed_too_often(job: StoredJob, status: RunStatus, last_output: str) -> JobError:
    said = f" Its last words: {last_output}" if last_output else ""
    return JobError(
        code="trainer_crashed",
        message=f"The training was interrupted {job.num_resumes + 1} times, the last time so: {interruption(status)}.{said}",
        cause="Something ends it each time: too little memory, a fault of the machine, or somebody who stops its process.",
        fix="Look at the log. Trying again goes on from the last checkpoint; a smaller batch or base model needs less memory.",
        action=_RETRY,
    )


def interruption(status: RunStatus) -> str:
    """How a run was cut off, in a few words that follow a colon."""
    if status.elsewhere:
        return "the machine that it ran on was lost, and another one has taken it over"
    if status.rebooted:
        return "the machine was started anew"
    if status.ended_by_signal is not None:
        return f"its process was ended by signal {status.ended_by_signal}"
    match status.exit_status:
        case None:
            return "its process was gone without a word"
        case 143:
            assert EXIT_CANCELLED == 143  # noqa: S101 - the pattern above cannot name it
            return "something other than this product asked it to stop"
        case 75:
            assert EXIT_SUPERSEDED == 75  # noqa: S101 - as above
            return "another trainer was still at work in its folder"
        case code:
            return f"its process ended with status {code}"


def not_started(error: Exception) -> JobError:
    message = error.message if isinstance(error, LlmTunerError) else "The run's folder could not be written."
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "not_started",
        message=message,
        cause="Something that the run needs is missing or could not be written.",
        fix="Check that the documents are still there and that the disk has room, then start the job again.",
        action=_RETRY,
    )


def not_kept(error: Exception) -> JobError:
    message = error.message if isinstance(error, LlmTunerError) else "What the run left is incomplete."
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "incomplete_result",
        message=f"Training ended well, but the model could not be kept. {message}",
        cause="The disk is full, or files of the run were changed from outside.",
        fix="Make room on the disk and start the job again.",
        action=_RETRY,
    )


def _with_less_memory(job: StoredJob) -> JobAction:
    """Half the batch with twice the accumulation learns the same; where there is nothing to halve, shorter blocks."""
    batch, block = _number(job, "batch_size"), _number(job, "block_size")
    if batch >= 2:
        smaller = int(batch) // 2
        accumulation = max(1, int(_number(job, "gradient_accumulation"))) * 2
        changes: dict[str, float | int | str] = {"batch_size": smaller, "gradient_accumulation": min(256, accumulation)}
        return JobAction(kind="clone", label=f"Train with a batch of {smaller}", hyperparameters=changes)
    if block >= 32:
        return JobAction(kind="clone", label=f"Train with blocks of {int(block) // 2}", hyperparameters={"block_size": int(block) // 2})
    return _RETRY


def _with_lower_rate(job: StoredJob) -> JobAction:
    rate = float(f"{_number(job, 'learning_rate') * _LOWER_RATE:.2g}")
    return JobAction(kind="clone", label=f"Train with a rate of {rate:g}", hyperparameters={"learning_rate": rate})


def _number(job: StoredJob, name: str) -> float:
    found = job.resolved.get(name)
    return float(found.value) if found is not None else 0.0


def _named(action: Any) -> JobAction | None:
    try:
        return None if action is None else JobAction.model_validate(action, from_attributes=True)
    except ValidationError:
        return None
