"""Takes everything out of a stored file, in a child process with limits of its own, as the look-through at its upload was."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from server.adapters.reading_child import read_in_child


class ContentsProcess:
    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __call__(self, file: BinaryIO, filename: str, options: dict[str, Any]) -> dict[str, Any]:
        """`shared.reading.contents.Contents` as JSON. Raises `InvalidInput` when the reader ran out of memory or time."""
        words = [f"--filename={filename}", f"--options={json.dumps(options)}"]
        return read_in_child(self._repository, "shared.reading.contents", file, words)
