"""Tests models on the same items: `python -m server.tuning.evaluation --spec FILE`; `shared.evaluation_spec` says what goes in and out.

A program of its own like the trainer: it outlives the server, writes files beside its spec, and leaves exit.json on every way out.
"""

import os
import sys
from pathlib import Path

from pydantic import ValidationError

from server.tuning.claim import Claim
from server.tuning.events import EventLog
from server.tuning.process import StopRequest
from server.tuning.program import run_in
from shared.evaluation_spec import EvaluationSpec

USAGE = 2


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "--spec":
        print("Usage: python -m server.tuning.evaluation --spec FILE", file=sys.stderr)
        return USAGE
    spec_file = Path(arguments[1])
    try:
        spec = EvaluationSpec.model_validate_json(spec_file.read_bytes())
    except (ValidationError, OSError) as error:
        print(f"The test cannot start: {error}", file=sys.stderr)
        return USAGE
    return run(spec, spec_file.resolve().parent)


def run(spec: EvaluationSpec, folder: Path) -> int:
    """Test in this folder. Returns the exit status, which exit.json says, too."""

    def work(claim: Claim, events: EventLog, _stop: StopRequest) -> None:
        from server.tuning.testing.run import evaluate  # Imports torch's larger parts; a SIGTERM meanwhile is heard, too.

        evaluate(spec, folder, claim, events)

    return run_in(folder, work, run_id=spec.run_id, fence=spec.fence)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: taking a model's memory down piece by piece takes a second.
