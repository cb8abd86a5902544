#!/usr/bin/env python3
"""The trainer's entry: `--spec spec.json` as the server starts it, or flags for use by hand (`--help` lists them).

The run's folder is the spec's: events.jsonl grows there, artifacts appear whole, and exit.json is left on every way out.
"""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

if __package__ in (None, ""):  # Started by path: the packages are found from the repository's root.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from pydantic import ValidationError

from server.tuning.by_hand import UsageError, spec_from_flags
from server.tuning.claim import Claim, Superseded
from server.tuning.events import EventLog
from server.tuning.failures import Cancelled, failure_of
from server.tuning.files import write_whole
from server.tuning.process import StopRequest
from shared.job_spec import (
    CHECKPOINTS_FOLDER,
    EVENTS_FILE,
    EXIT_CANCELLED,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_FILE,
    EXIT_SUPERSEDED,
    ExitStatus,
    JobSpec,
)
from shared.trainer_events import CancelledEvent, FailedEvent

USAGE = 2


def main(arguments: list[str]) -> int:
    try:
        spec_file = Path(arguments[1]) if arguments[:1] == ["--spec"] and len(arguments) == 2 else spec_from_flags(arguments)
        spec = JobSpec.model_validate_json(spec_file.read_bytes())
    except (UsageError, ValidationError, OSError) as error:
        print(f"The run cannot start: {error}", file=sys.stderr)
        return USAGE
    return run(spec, spec_file.resolve().parent)


def run(spec: JobSpec, folder: Path) -> int:
    """Run the spec in its folder and leave exit.json there; where another trainer works or a later one has worked, touch nothing."""
    stop = StopRequest()
    stop.listen()
    try:
        claim = Claim(folder, spec.fence)
    except Superseded:
        return EXIT_SUPERSEDED
    try:
        return _claimed(spec, folder, claim, stop)
    except Superseded:
        return EXIT_SUPERSEDED
    finally:
        claim.release()


def _claimed(spec: JobSpec, folder: Path, claim: Claim, stop: StopRequest) -> int:
    events = EventLog(folder / EVENTS_FILE, spec.run_id, stop)
    status = EXIT_FAILED
    try:
        status = _tuned(spec, folder, claim, events, stop)
    finally:
        events.close()
        claim.check()
        exit_status = ExitStatus(run_id=spec.run_id, status=status, at=datetime.now(UTC).isoformat())
        write_whole(folder / EXIT_FILE, exit_status.model_dump_json() + "\n")
    if status == EXIT_DONE:
        shutil.rmtree(folder / CHECKPOINTS_FOLDER, ignore_errors=True)
    return status


def _tuned(spec: JobSpec, folder: Path, claim: Claim, events: EventLog, stop: StopRequest) -> int:
    """The border of the process: every exception below becomes an event and a status here, but for `Superseded`."""
    from server.tuning.export import discard

    try:
        from server.tuning.run import tune  # Imports torch's larger parts; a SIGTERM meanwhile is heard, too.

        tune(spec, folder, claim, events, stop)
        return EXIT_DONE
    except Cancelled:
        discard(folder)
        events.write(CancelledEvent, step=events.last_step)
        return EXIT_CANCELLED
    except Exception as error:
        discard(folder)
        failure = failure_of(error, spec.settings)
        if failure.code == "internal":
            import traceback

            traceback.print_exc()  # To the output file, for whoever mends the trainer; users see the event's words.
        said = {"code": failure.code, "message": failure.message, "cause": failure.cause, "fix": failure.fix}
        events.write(FailedEvent, **said, action=failure.action)
        return EXIT_FAILED


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: taking a model's memory down piece by piece takes a second.
