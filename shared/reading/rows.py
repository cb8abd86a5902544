"""One row with its line number: an example, or the problem that names the line. Shared by the readers of JSONL, JSON and CSV."""

from typing import Any

from shared.reading.examples import Example, ReadProblem, RowEmpty, RowRefused, normalise


def example_of_row(row: dict[str, Any], line: int) -> Example | ReadProblem:
    try:
        return normalise(row)
    except RowRefused as refusal:
        return ReadProblem(line, f"Line {line}: {refusal}", fatal=True)
    except RowEmpty as reason:
        return ReadProblem(line, f"Line {line}: {reason}, so this row was left out.", fatal=False)
