"""What the trainer and the program that tests models share: the right to their folder, the events, and a status on every way out."""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from server.tuning.claim import Claim, Superseded
from server.tuning.events import EventLog
from server.tuning.failures import Cancelled, failure_of
from server.tuning.files import write_whole
from server.tuning.process import StopRequest
from shared.job_spec import (
    EVENTS_FILE,
    EXIT_CANCELLED,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_FILE,
    EXIT_SUPERSEDED,
    ExitStatus,
    RunSettings,
)
from shared.trainer_events import CancelledEvent, FailedEvent

Work = Callable[[Claim, EventLog, StopRequest], None]


def _nothing() -> None:
    """For work that leaves nothing behind."""


def run_in(
    folder: Path,
    work: Work,
    *,
    run_id: str,
    fence: int,
    settings: RunSettings | None = None,
    discard: Callable[[], None] = _nothing,
    tidy: Callable[[], None] = _nothing,
) -> int:
    """Do the work in its folder and leave exit.json there; where another program works or a later one has worked, touch nothing.

    Work that fails or is cancelled is told of in the events, after `discard` has taken away what nobody must find. `tidy` comes last,
    when the work is done and exit.json says so. `settings` let a failure say which of them to change.
    """
    stop = StopRequest()
    stop.listen()
    try:
        claim = Claim(folder, fence)
    except Superseded:
        return EXIT_SUPERSEDED
    try:
        events = EventLog(folder / EVENTS_FILE, run_id, stop)
        status = EXIT_FAILED
        try:
            status = _told(work, claim, events, stop, settings, discard)
        finally:
            events.close()
            claim.check()
            exit_status = ExitStatus(run_id=run_id, status=status, at=datetime.now(UTC).isoformat())
            write_whole(folder / EXIT_FILE, exit_status.model_dump_json() + "\n")
        if status == EXIT_DONE:
            tidy()
        return status
    except Superseded:
        return EXIT_SUPERSEDED
    finally:
        claim.release()


def _told(work: Work, claim: Claim, events: EventLog, stop: StopRequest, settings: RunSettings | None, discard: Callable[[], None]) -> int:
    """The border of the process: every exception below becomes an event and a status here, but for `Superseded`."""
    try:
        work(claim, events, stop)
        return EXIT_DONE
    except Cancelled:
        discard()
        events.write(CancelledEvent, step=events.last_step)
        return EXIT_CANCELLED
    except Exception as error:
        discard()
        failure = failure_of(error, settings)
        if failure.code == "internal":
            traceback.print_exc()  # To the output file, for whoever mends the program; users see the event's words.
        said = {"code": failure.code, "message": failure.message, "cause": failure.cause, "fix": failure.fix}
        events.write(FailedEvent, **said, action=failure.action)
        return EXIT_FAILED
