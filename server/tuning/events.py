"""The run's events: appended to `events.jsonl`, one whole line at a time, and printed as text. Training never waits for a reader.

Nothing else of the trainer prints.
"""

import contextlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from server.tuning.failures import is_disk_full
from server.tuning.process import StopRequest
from shared.trainer_events import CancelledEvent, DoneEvent, FailedEvent, LogEvent, StageEvent, TestedEvent, WarningEvent, render

E = TypeVar("E")
ROOM_FILE = ".room-for-last-words"
_LAST = (DoneEvent, TestedEvent, FailedEvent, CancelledEvent)
_ROOM_BYTES = 32_768


class EventLog:
    """Writes events with a rising `seq` and the time. A file that exists is continued, as after a resumed run.

    A disk that is full costs a line of progress and not the run; for the last event some room is kept back.
    """

    def __init__(self, path: Path, run_id: str, stop: StopRequest, *, quiet: bool = False) -> None:
        self._run_id = run_id
        self._stop = stop
        self._seq, self._torn = _lines_of(path)
        self.is_continued = self._seq > 0
        """True when an earlier attempt wrote here."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._room = _Room(path.with_name(ROOM_FILE))
        self._printing = not quiet
        self.last_step = 0
        """The last step that was told of."""

    def write(self, kind: type[E], **fields: Any) -> E:
        """Append one event of this kind and return it."""
        with self._stop.shielded():
            event = kind(seq=self._seq, at=datetime.now(UTC), run_id=self._run_id, **fields)
            self._append(event.model_dump_json().encode() + b"\n", matters=kind in _LAST)  # type: ignore[attr-defined]
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

    def _append(self, line: bytes, *, matters: bool) -> None:
        """A disk that fills up may take a part of a line; the next line then starts on its own, and readers skip the torn one."""
        if matters:
            self._room.free()
        line = b"\n" + line if self._torn else line
        self._torn = True
        try:
            while line:
                line = line[os.write(self._file, line) :]
            self._torn = False
        except OSError as error:
            if matters or not is_disk_full(error):
                raise

    def _print(self, line: str) -> None:
        if not self._printing:
            return
        try:
            print(line.replace("\n", " ").replace("\r", " "), flush=True)
        except (OSError, ValueError):  # Nobody reads the output any more, or its disk is full: the events file is what counts.
            self._printing = False
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # So that the flush at exit does not fail either.

    def close(self) -> None:
        self._room.free()
        os.close(self._file)


class _Room:
    """Some kilobytes of the disk that nobody else can take, given back when the run's last words want them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with contextlib.suppress(OSError), path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _ROOM_BYTES)

    def free(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _lines_of(path: Path) -> tuple[int, bool]:
    """How many lines there are, and whether the last one was cut short: whoever wrote it was killed in the middle."""
    count, line = 0, b"\n"
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:  # noqa: B007  # The last one is looked at.
                count += 1
    return count, not line.endswith(b"\n")
