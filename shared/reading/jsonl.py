"""JSONL: one JSON object a line. A broken line does not hide the ones after it."""

from collections.abc import Iterator
from typing import Any, TextIO

from shared.reading.examples import Example, ReadProblem, kind_of
from shared.reading.json_errors import reason_for
from shared.reading.lines import LineTooLong, numbered_lines
from shared.reading.rows import example_of_row


def read_jsonl(stream: TextIO) -> Iterator[Example | ReadProblem]:
    import orjson  # 15 ms that other formats need not pay

    try:
        for number, line in numbered_lines(stream):
            if not line.strip():
                continue
            try:
                row: Any = orjson.loads(line)
            except ValueError:
                yield ReadProblem(number, f"Line {number}: not valid JSON ({reason_for(line)}). Fix or remove that line.", fatal=True)
                continue
            if isinstance(row, dict):
                yield example_of_row(row, number)
            else:
                message = f"Line {number}: expected a JSON object, found {kind_of(row)}. Fix or remove that line."
                yield ReadProblem(number, message, fatal=True)
    except LineTooLong as error:
        yield ReadProblem(error.line, str(error), fatal=True)
