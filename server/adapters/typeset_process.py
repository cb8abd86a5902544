"""Sets a report as PDF in a child process with limits of its own: the typesetter is large, and what it sets was written by anybody."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import structlog

from server.errors import Unavailable

_TIMEOUT_S: Final = 60.0
_AT_ONCE: Final = 2
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_log = structlog.get_logger()


class TypesetProcess:
    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def __call__(self, report: dict[str, Any]) -> bytes:
        """`report` is what `server.domain.reports.rendering.pdf` makes. Raises `Unavailable` when it took too long or did not work."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(self._repository)}
        with self._places:
            try:
                child = subprocess.run(  # noqa: S603 - a fixed program; the report is its input
                    [sys.executable, "-m", "server.adapters.typeset"],
                    cwd=self._repository,
                    env=environment,
                    input=json.dumps(report).encode(),
                    capture_output=True,
                    timeout=_TIMEOUT_S,
                    check=True,
                )
            except subprocess.SubprocessError as error:
                _log.warning("report_not_typeset", reason=(getattr(error, "stderr", None) or b"").decode(errors="replace")[-1000:])
                raise Unavailable(
                    "The PDF could not be made, most often because the report is very long. Leave its logs out, or take the HTML and "
                    "print it.",
                    code="reports.no_pdf",
                ) from error
        return child.stdout
