"""What a base model would see of the data: `python -m server.tuning.look --spec look.json` prints it as one JSON object.

A program of its own, because it is given files and takes its time; `shared.look_spec` says what goes in and what comes out.
It starts without torch.
"""

import sys
import traceback
from argparse import ArgumentParser
from pathlib import Path

from server.tuning.failures import failure_of
from server.tuning.look_through import look_at
from shared.look_spec import LookRefused, LookSpec
from shared.wire import JobError, Look


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m server.tuning.look", description="Says what a base model would see of some training data.")
    parser.add_argument("--spec", type=Path, required=True, metavar="FILE", help="a LookSpec as JSON")
    spec = LookSpec.model_validate_json(parser.parse_args(arguments).spec.read_bytes())
    print(_answer(spec).model_dump_json())
    return 0


def _answer(spec: LookSpec) -> Look | LookRefused:
    """The border of the program: every exception below becomes words here."""
    try:
        return look_at(spec)
    except Exception as error:
        failure = failure_of(error)
        if failure.code == "internal":
            traceback.print_exc()
        return LookRefused(error=JobError(code=failure.code, message=failure.message, cause=failure.cause, fix=failure.fix))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
