"""Runs the program that looks at data with a base model's own tokenizer, in a process that can be killed."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from server.errors import Unavailable
from shared.look_spec import LookRefused, LookSpec
from shared.wire import Look

_BASE_S: Final = 60.0
_BYTES_PER_S: Final = 500_000
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class LookProcess:
    def __init__(self, repository: Path, environment: dict[str, str] | None = None) -> None:
        self._repository = repository
        self._extra = environment or {}

    def __call__(self, spec: LookSpec) -> Look | LookRefused:
        """Raises `Unavailable` when the program took too long or did not come to an end."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONPATH": str(self._repository), **self._extra}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(spec.model_dump_json())
            file.flush()
            try:
                child = subprocess.run(  # noqa: S603 - a fixed program and a file of our own making
                    [sys.executable, "-m", "server.tuning.look", "--spec", file.name],
                    cwd=self._repository,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=_BASE_S + sum(file.path.stat().st_size for file in (*spec.data, *spec.validation_data)) / _BYTES_PER_S,
                    check=True,
                )
                return _parsed(child.stdout)
            except (subprocess.SubprocessError, ValueError) as error:
                raise Unavailable(
                    "Looking at this data through the model's eyes took too long or failed. Try with fewer documents.",
                    code="looks.failed",
                ) from error


def _parsed(answer: bytes) -> Look | LookRefused:
    value: dict[str, Any] = json.loads(answer)
    return LookRefused.model_validate(value) if "error" in value else Look.model_validate(value)
