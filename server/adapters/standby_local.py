"""A trainer that waits for a run on this machine, one at most. The launcher gives it the next run; `server/background/standby.py` says
when there is to be one.

It belongs to this server process alone and ends with it (`shared/standby.py`); until it has taken a run it is nobody's trainer.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from server.adapters.programs import Programs
from server.ports.launcher import Launch
from shared.job_spec import OUTPUT_FILE
from shared.standby import GO_FILE, READY_FILE, TAKEN_FILE, WAIT_FILE, Go

_TAKES_WITHIN_S: Final = 1.0
_LOOK_EVERY_S: Final = 0.002
_log = structlog.get_logger()


@dataclass(frozen=True)
class Waiting:
    """A process that was taken out of waiting. It gets a run, or it is ended."""

    child: "subprocess.Popen[bytes]"
    folder: Path
    lock: BinaryIO

    def takes(self) -> bool:
        """To be asked when the run's note names it. False: it did not say in time that it has the run, so it is to be ended."""
        _let_go(self.lock)
        deadline = time.monotonic() + _TAKES_WITHIN_S
        while not (taken := (self.folder / TAKEN_FILE).exists()) and time.monotonic() < deadline and self.child.poll() is None:
            time.sleep(_LOOK_EVERY_S)
        if taken:
            shutil.rmtree(self.folder, ignore_errors=True)
        return taken

    def write_go(self, launch: Launch, *, note: str, mark: dict[str, str]) -> None:
        """Raises `OSError`."""
        spec = Path(launch.arguments[launch.arguments.index("--spec") + 1])
        go = Go(run_id=launch.run_id, folder=launch.folder, spec=spec, note=note, environment=mark)
        (self.folder / GO_FILE).write_text(go.model_dump_json())

    def end(self) -> None:
        """By force: it has nothing to tidy up. Returns when it is gone."""
        if self.child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        _let_go(self.lock)
        shutil.rmtree(self.folder, ignore_errors=True)


class StandbyTrainer:
    """`place` is where its folders lie; `module` is the trainer's."""

    def __init__(self, programs: Programs, place: Path, *, module: str = "server.tuning.gpt2_tuning") -> None:
        self._programs = programs
        self._place = place
        self._module = module
        self._waiting: Waiting | None = None
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process that waits."""
        waiting = self._waiting
        return None if waiting is None else waiting.child.pid

    def keep(self) -> None:
        """Starts one where none waits. It is ready some seconds later. Raises `OSError`."""
        with self._turn:
            if self._waiting is not None and self._waiting.child.poll() is None:
                return
            self._end()
            self._waiting = self._started()
            _log.info("standby_started", pid=self._waiting.child.pid)

    def retire(self) -> None:
        """Ends the one that waits."""
        with self._turn:
            if self._waiting is not None:
                _log.info("standby_retired", pid=self._waiting.child.pid)
            self._end()

    def reserved(self) -> Waiting | None:
        """The one that waits, for a run that starts now; None where none is ready. One that is not ready yet is ended: it would only be
        in the way of the trainer that is started instead."""
        with self._turn:
            waiting = self._waiting
            if waiting is None or waiting.child.poll() is not None or not (waiting.folder / READY_FILE).exists():
                self._end()
                return None
            self._waiting = None
            return waiting

    def sweep(self) -> None:
        """Removes the folders that earlier servers left. Their trainers ended with them."""
        for folder in self._place.glob("standby-*"):
            with contextlib.suppress(OSError), (folder / WAIT_FILE).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _started(self) -> Waiting:
        folder = Path(tempfile.mkdtemp(prefix="standby-", dir=self._place))  # Mode 0700.
        lock = open(os.open(folder / WAIT_FILE, os.O_RDWR | os.O_CREAT, 0o600), "rb")  # noqa: SIM115, PTH123 - kept until it is let go
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = self._programs.start(self._module, ["--standby", str(folder)], output=folder / OUTPUT_FILE, mark={})
        return Waiting(child, folder, lock)

    def _end(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None


def _let_go(lock: BinaryIO) -> None:
    if not lock.closed:
        fcntl.flock(lock, fcntl.LOCK_UN)
        lock.close()
