"""Why an evaluation gave no results, in words for a person: what happened, the likely cause, what to do next."""

from server.domain.jobs.failures import interruption
from server.errors import LlmTunerError
from server.ports.launcher import RunStatus
from shared.wire import JobError


def no_results() -> JobError:
    return JobError(
        code="no_results",
        message="The test ended without whole results.",
        cause="Its results were not written, or are not those of every item and model.",
        fix="Start the test again. If it stays, tell the operator.",
    )


def out_of_memory() -> JobError:
    return JobError(
        code="out_of_memory",
        message="The system ended the test because the machine ran out of memory.",
        cause="The models and what else runs on this machine need more memory than there is.",
        fix="Start it again when no training runs, with fewer models or shorter items.",
    )


def crashed_too_often(num_times: int, status: RunStatus, last_output: str) -> JobError:
    said = f" Its last words: {last_output}" if last_output else ""
    return JobError(
        code="test_crashed",
        message=f"The test was interrupted {num_times} times, the last time so: {interruption(status)}.{said}",
        cause="Something ends it each time: too little memory, a fault of the machine, or somebody who stops its process.",
        fix="Start it again when no training runs.",
    )


def not_started(error: Exception) -> JobError:
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "test_not_started",
        message=error.message if isinstance(error, LlmTunerError) else "The test's folder could not be written.",
        cause="Something that the test needs is missing or could not be written.",
        fix="Check that the models and the test set are still there and that the disk has room, then start the test again.",
    )


def not_kept(error: Exception) -> JobError:
    return JobError(
        code=error.code if isinstance(error, LlmTunerError) else "no_results",
        message=error.message if isinstance(error, LlmTunerError) else "The results could not be kept.",
        cause="The disk is full, or files of the run were changed from outside.",
        fix="Make room on the disk and start the test again.",
    )
