#!/usr/bin/env python3
"""The trainer's entry: `--spec spec.json` as the server starts it, `--standby FOLDER` before there is a run (`standby.py`), or flags for
use by hand (`--help` lists them).

The run's folder is the spec's: events.jsonl grows there, artifacts appear whole, and exit.json is left on every way out.
"""

import os
import shutil
import sys
from pathlib import Path

if __package__ in (None, ""):  # Started by path: the packages are found from the repository's root.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from pydantic import ValidationError

from server.tuning.by_hand import UsageError, spec_from_flags
from server.tuning.claim import Claim
from server.tuning.events import EventLog
from server.tuning.process import StopRequest
from server.tuning.program import run_in
from shared.job_spec import CHECKPOINTS_FOLDER, JobSpec

USAGE = 2


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--standby"] and len(arguments) == 2:
        from server.tuning.standby import wait_for_a_run

        given = wait_for_a_run(Path(arguments[1]))
        if given is None:
            return 0
        arguments = ["--spec", str(given)]
    try:
        spec_file = Path(arguments[1]) if arguments[:1] == ["--spec"] and len(arguments) == 2 else spec_from_flags(arguments)
        spec = JobSpec.model_validate_json(spec_file.read_bytes())
    except (UsageError, ValidationError, OSError) as error:
        print(f"The run cannot start: {error}", file=sys.stderr)
        return USAGE
    return run(spec, spec_file.resolve().parent)


def run(spec: JobSpec, folder: Path) -> int:
    """Run the spec in its folder and leave exit.json there; where another trainer works or a later one has worked, touch nothing."""

    def work(claim: Claim, events: EventLog, stop: StopRequest) -> None:
        from server.tuning.run import tune  # Imports torch's larger parts; a SIGTERM meanwhile is heard, too.

        tune(spec, folder, claim, events, stop)

    def discard() -> None:
        from server.tuning import export

        export.discard(folder)

    def tidy() -> None:
        shutil.rmtree(folder / CHECKPOINTS_FOLDER, ignore_errors=True)

    return run_in(folder, work, run_id=spec.run_id, fence=spec.fence, settings=spec.settings, discard=discard, tidy=tidy)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: taking a model's memory down piece by piece takes a second.
