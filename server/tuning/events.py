"""The run's events: appended to `events.jsonl`, one whole line at a time, and printed as text. Training never waits for a reader.

Nothing else of the trainer prints.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from server.tuning.process import StopRequest
from shared.trainer_events import CancelledEvent, DoneEvent, FailedEvent, LogEvent, StageEvent, WarningEvent, render

E = TypeVar("E")
_LAST = (DoneEvent, FailedEvent, CancelledEvent)


class EventLog:
    """Writes events with a rising `seq` and the time. A file that exists is continued, as after a resumed run."""

    def __init__(self, path: Path, run_id: str, stop: StopRequest) -> None:
        self._run_id = run_id
        self._stop = stop
        self._seq = sum(1 for _ in path.open("rb")) if path.exists() else 0
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._torn = False
        self._printing = True
        self.last_step = 0
        """The last step that was told of."""

    def write(self, kind: type[E], **fields: Any) -> E:
        """Append one event of this kind and return it."""
        with self._stop.shielded():
            event = kind(seq=self._seq, at=datetime.now(UTC), run_id=self._run_id, **fields)
            self._append(event.model_dump_json().encode() + b"\n")  # type: ignore[attr-defined]
            self._seq += 1
            self.last_step = getattr(event, "step", self.last_step)
            self._print(render(event))
            if kind in _LAST:
                self._stop.close()
        return event

    def stage(self, stage: str, message: str, fraction: float | None = None) -> None:
        self.write(StageEvent, stage=stage, message=message, fraction=fraction)

    def log(self, message: str) -> None:
        self.write(LogEvent, message=message)

    def warn(self, message: str) -> None:
        self.write(WarningEvent, message=message)

    def _append(self, line: bytes) -> None:
        """A disk that fills up may take a part of a line; the next line then starts on its own, and readers skip the torn one."""
        line = b"\n" + line if self._torn else line
        self._torn = True
        while line:
            line = line[os.write(self._file, line) :]
        self._torn = False

    def _print(self, line: str) -> None:
        if not self._printing:
            return
        try:
            print(line.replace("\n", " ").replace("\r", " "), flush=True)
        except (OSError, ValueError):  # Nobody reads the output any more, or its disk is full: the events file is what counts.
            self._printing = False
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # So that the flush at exit does not fail either.

    def close(self) -> None:
        os.close(self._file)
