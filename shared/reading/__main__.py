"""`python -m shared.reading --filename NAME [--options JSON] [--problems-out FD] < FILE`: says in JSON what the file holds.

The server runs this on every upload, because what is hostile to a reader then only hurts a child with limits of its own.
Exit status 0 also for a file that is refused; its problems are in the answer.
"""

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any, get_args

from shared.constants import DocumentFormat
from shared.reading.examples import ReadProblem
from shared.reading.inspection import Inspection, inspect
from shared.reading.watching import answer_of


def main() -> None:
    parser = ArgumentParser(prog="python -m shared.reading", description="Says what a training file holds.")
    parser.add_argument("--filename", required=True, help="the file's name, a hint at its format")
    parser.add_argument("--options", default="{}", help="shared.wire.ReadingOptions as JSON: format, charset, mapping, leave_out_bad")
    parser.add_argument("--format", choices=get_args(DocumentFormat), help="the same as in the options; found out when left away")
    parser.add_argument("--charset", help="the same")
    parser.add_argument("--problems-out", type=int, metavar="FD", help="a descriptor that every problem is written to, as CSV")
    asked = parser.parse_args()
    if not sys.stdin.buffer.seekable():
        parser.error("standard input must be a file, not a pipe")
    options = {key: value for key, value in json.loads(asked.options).items() if value is not None}
    options |= {key: getattr(asked, key) for key in ("format", "charset") if getattr(asked, key)}
    begin = os.lseek(0, 0, os.SEEK_CUR)
    answer = answer_of(lambda: _inspected(asked.filename, options, asked.problems_out), os.fstat(0).st_size)
    os.lseek(0, begin, os.SEEK_SET)  # the position is shared with whoever opened the file
    if isinstance(answer, tuple):
        message, fix = answer
        refused = Inspection(format=options.get("format"), problems=[ReadProblem(None, message, True, fix)], num_problems=1)
        answer = _as_json(refused)
    sys.stdout.buffer.write(answer)


def _inspected(filename: str, options: dict[str, Any], problems_out: int | None) -> bytes:
    if problems_out is None:
        return _as_json(inspect(sys.stdin.buffer, filename=filename, **options))
    with open(problems_out, "w", encoding="utf-8", newline="", errors="replace", closefd=False) as out:  # noqa: PTH123 - a descriptor
        return _as_json(inspect(sys.stdin.buffer, filename=filename, problems_out=out, **options))


def _as_json(found: Inspection) -> bytes:
    return json.dumps(found.to_json(), ensure_ascii=False).encode("utf-8", "replace")


if __name__ == "__main__":
    main()
