"""`python -m shared.reading --filename NAME [--format F] [--charset C] < FILE`: one JSON object about the file on standard output.

The server runs this on every upload, because what is hostile to a reader then only hurts a child with limits of its own.
Exit status 0 also for a file that is refused; its problems are in the answer.
"""

import json
import os
import resource
import sys
from argparse import ArgumentParser
from typing import get_args

from shared.constants import DocumentFormat
from shared.reading.inspection import inspect

MAX_MEMORY_BYTES = 1 << 30
MAX_CPU_S = 60


def main() -> None:
    _limit(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
    _limit(resource.RLIMIT_CPU, MAX_CPU_S)
    parser = ArgumentParser(prog="python -m shared.reading", description="Says what a training file holds.")
    parser.add_argument("--filename", required=True, help="the file's name, a hint at its format")
    parser.add_argument("--format", choices=get_args(DocumentFormat), help="found out when left away")
    parser.add_argument("--charset", help="found out when left away")
    asked = parser.parse_args()
    if not sys.stdin.buffer.seekable():
        parser.error("standard input must be a file, not a pipe")
    begin = os.lseek(0, 0, os.SEEK_CUR)
    found = inspect(sys.stdin.buffer, filename=asked.filename, format=asked.format, charset=asked.charset)
    os.lseek(0, begin, os.SEEK_SET)  # the position is shared with whoever opened the file
    json.dump(found.to_json(), sys.stdout)


def _limit(kind: int, wanted: int) -> None:
    """Lowers the limit, or keeps a lower one that the caller has set already."""
    _, hard = resource.getrlimit(kind)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
