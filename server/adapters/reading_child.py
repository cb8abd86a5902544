"""A child process that reads a file which somebody sent: with limits of its own, a bare environment and nothing but what it is handed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from server.errors import InvalidInput

_BASE_S: Final = 20.0
_BYTES_PER_S: Final = 8_000_000
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


def read_in_child(
    repository: Path, module: str, file: BinaryIO, words: Sequence[str], *, also_open: Sequence[BinaryIO] = ()
) -> dict[str, Any]:
    """What `python -m module` printed, as JSON; it finds the file on its standard input, and `also_open` under their numbers.

    Raises `InvalidInput` when it ran out of memory or time.
    """
    descriptor = file.fileno()
    os.lseek(descriptor, 0, os.SEEK_SET)
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(repository)}
    try:
        child = subprocess.run(  # noqa: S603 - a fixed program; whatever a user chose is one argument that cannot be taken for a flag
            [sys.executable, "-m", module, *words],
            cwd=repository,
            env=environment,
            stdin=descriptor,
            pass_fds=[each.fileno() for each in also_open],
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
