"""Runs the program that times this machine, in a process that gives way as soon as something trains."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shared.calibration import Calibration, CalibrationRefused, CalibrationSpec

_MOST_S: Final = 120.0
_LOOK_EVERY_S: Final = 0.25
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


class CalibrationProcess:
    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._stopped = False

    def __call__(self, spec: CalibrationSpec, give_way: Callable[[], bool]) -> Calibration | CalibrationRefused | None:
        """None when it was ended because of `give_way`, took too long or failed."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(self._repository)}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file, tempfile.TemporaryFile() as output:
            file.write(spec.model_dump_json())
            file.flush()
            child = subprocess.Popen(  # noqa: S603 - a fixed program and a file of our own making
                [sys.executable, "-m", "server.tuning.calibration", "--spec", file.name],
                cwd=self._repository,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            try:
                until = time.monotonic() + _MOST_S
                while child.poll() is None:
                    if self._stopped or time.monotonic() > until or give_way():
                        return None
                    time.sleep(_LOOK_EVERY_S)
            finally:
                child.kill()
                child.wait()
            output.seek(0)
            return None if child.returncode else _parsed(output.read())

    def stop(self) -> None:
        """Whatever is being measured is given up."""
        self._stopped = True


def _parsed(answer: bytes) -> Calibration | CalibrationRefused | None:
    try:
        value = json.loads(answer)
        return CalibrationRefused.model_validate(value) if "reason" in value else Calibration.model_validate(value)
    except (ValueError, ValidationError, TypeError):
        return None
