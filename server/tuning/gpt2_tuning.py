#!/usr/bin/env python3
"""The trainer's entry: `--spec spec.json` as the server starts it, or flags for use by hand (`--help` lists them).

The run's folder is the spec's: events.jsonl grows there, artifacts appear whole, and exit.json is left on every way out.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

if __package__ in (None, ""):  # Started by path: the packages are found from the repository's root.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from pydantic import ValidationError

from server.tuning.by_hand import UsageError, spec_from_flags
from server.tuning.events import EventLog
from server.tuning.failures import Cancelled, failure_of
from server.tuning.files import write_whole
from server.tuning.process import StopRequest
from shared.job_spec import EVENTS_FILE, EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, EXIT_FILE, ExitStatus, JobSpec
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
    """Run the spec in its folder and leave exit.json there."""
    stop = StopRequest()
    stop.listen()
    events = EventLog(folder / EVENTS_FILE, spec.run_id, stop)
    status = EXIT_FAILED
    try:
        status = _tuned(spec, folder, events)
    finally:
        exit_status = ExitStatus(run_id=spec.run_id, status=status, at=datetime.now(UTC).isoformat())
        write_whole(folder / EXIT_FILE, exit_status.model_dump_json() + "\n")
    return status


def _tuned(spec: JobSpec, folder: Path, events: EventLog) -> int:
    """The border of the process: every exception below becomes an event and a status here."""
    from server.tuning.export import discard

    try:
        from server.tuning.run import tune  # Imports torch's larger parts; a SIGTERM meanwhile is heard, too.

        tune(spec, folder, events)
        return EXIT_DONE
    except Cancelled:
        discard(folder)
        events.write(CancelledEvent, step=events.last_step)
        return EXIT_CANCELLED
    except Exception as error:
        discard(folder)
        failure = failure_of(error)
        if failure.code == "internal":
            import traceback

            traceback.print_exc()  # To the output file, for whoever mends the trainer; users see the event's words.
        events.write(FailedEvent, code=failure.code, message=failure.message, cause=failure.cause, fix=failure.fix)
        return EXIT_FAILED


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: taking a model's memory down piece by piece takes a second.
