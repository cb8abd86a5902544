"""Takes everything out of a stored file, in a child process with limits of its own, as the look-through at its upload was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from server.errors import InvalidInput

_BASE_S: Final = 20.0
_BYTES_PER_S: Final = 8_000_000
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class ContentsProcess:
    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __call__(self, file: BinaryIO, filename: str, options: dict[str, Any]) -> dict[str, Any]:
        """`shared.reading.contents.Contents` as JSON. Raises `InvalidInput` when the reader ran out of memory or time."""
        descriptor = file.fileno()
        os.lseek(descriptor, 0, os.SEEK_SET)
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(self._repository)}
        try:
            child = subprocess.run(  # noqa: S603 - a fixed program; whatever a user chose is one argument that cannot be taken for a flag
                [sys.executable, "-m", "shared.reading.contents", f"--filename={filename}", f"--options={json.dumps(options)}"],
                cwd=self._repository,
                env=environment,
                stdin=descriptor,
                capture_output=True,
                timeout=_BASE_S + os.fstat(descriptor).st_size / _BYTES_PER_S,
                check=True,
            )
            found: dict[str, Any] = json.loads(child.stdout)
        except (subprocess.SubprocessError, ValueError) as error:
            raise InvalidInput(
                "This file takes more memory or time to read than is allowed. Split it into smaller files, or save it as JSON Lines.",
                code="documents.unreadable",
                param="file",
            ) from error
        return found
