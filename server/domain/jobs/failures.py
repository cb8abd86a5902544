"""Why a run did not give a model, in words for a person: what happened, the likely cause, what to do next."""

import math

from server.domain.jobs.progress import RunReader
from server.errors import LlmTunerError
from server.ports.launcher import RunStatus
from shared.job_spec import EXIT_CANCELLED
from shared.trainer_events import DoneEvent
from shared.wire import JobError


def doubt_about(done: DoneEvent) -> JobError | None:
    """Why a run that says it is done cannot be believed; None when it can."""
    if done.step < 1 or not done.artifacts or not math.isfinite(done.train_loss):
        return JobError(
            code="empty_result",
            message="The run ended without a usable model.",
            cause="It made no step, or its loss was not a number.",
            fix="Try again with a lower learning rate, or with more data.",
        )
    return None


def failure_of(reader: RunReader, status: RunStatus, last_output: str) -> JobError:
    if reader.failed is not None:
        failed = reader.failed
        return JobError(code=failed.code, message=failed.message, cause=failed.cause, fix=failed.fix)
    if status.exit_status == EXIT_CANCELLED:
        return JobError(
            code="stopped_from_outside",
            message="The trainer was asked to stop by something other than this product.",
            cause="The machine was shut down, or somebody ended the process.",
            fix="Start the job again.",
        )
    said = f" Its last words: {last_output}" if last_output else ""
    return JobError(
        code="trainer_crashed",
        message=f"The trainer ended without saying why.{said}",
        cause="Most often the system ended it because memory ran out; a power cut or a crash looks the same.",
        fix="Try again with a smaller batch_size or block_size, or with a smaller base model.",
    )


def not_started(error: Exception) -> JobError:
    message = error.message if isinstance(error, LlmTunerError) else "The run's folder could not be written."
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "not_started",
        message=message,
        cause="Something that the run needs is missing or could not be written.",
        fix="Check that the documents are still there and that the disk has room, then start the job again.",
    )


def not_kept(error: Exception) -> JobError:
    message = error.message if isinstance(error, LlmTunerError) else "What the run left is incomplete."
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "incomplete_result",
        message=f"Training ended well, but the model could not be kept. {message}",
        cause="The disk is full, or files of the run were changed from outside.",
        fix="Make room on the disk and start the job again.",
    )
