"""Reads an uploaded file in a child process that has limits of its own and can be killed: hostile files hurt nobody else."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from server.adapters.reading_child import read_in_child


class InspectorProcess:
    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __call__(self, file: BinaryIO, filename: str, options: dict[str, Any], problems_out: BinaryIO) -> dict[str, Any]:
        """`shared.reading`'s inspection of the file, as JSON; every problem also goes to `problems_out` as CSV.

        `options` are those of `shared.wire.ReadingOptions`, as JSON. Raises `InvalidInput` when the reader ran out of memory or time.
        """
        words = [f"--filename={filename}", f"--options={json.dumps(options)}", f"--problems-out={problems_out.fileno()}"]
        return read_in_child(self._repository, "shared.reading", file, words, also_open=[problems_out])
