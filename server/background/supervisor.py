"""Watches runs in a thread of its own: adopts those that outlived a server, starts what waits, judges what ended.

One run at a time: two busy programs on one processor slow each other many times over (their threads spin at barriers).
"""

import sys
import threading
from typing import Final

import structlog

from server.domain.jobs.lifecycle import Lifecycle, Run
from server.errors import StaleWrite

_BUSY_S: Final = 1.0
_IDLE_S: Final = 5.0
_MAX_RUNS: Final = 1
_log = structlog.get_logger()


class Supervisor:
    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._echoed: dict[str, int] = {}

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops watching. Runs go on; the next server adopts them."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Something changed: look now and not at the next tick."""
        self._wake.set()

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                busy = self.round()
            except StaleWrite:
                continue
            except Exception:
                # The border of this thread: whatever went wrong with one round must not end the watching.
                _log.exception("supervisor_round_failed")
                busy = True
            self._wake.wait(_BUSY_S if busy else _IDLE_S)
            self._wake.clear()

    def round(self) -> bool:
        """One look at every run and at the queue. True while there is something to watch."""
        live = sum([self._look_at(run) for run in self._lifecycle.runs()])
        while live < _MAX_RUNS and self._lifecycle.start_next():
            live += 1
        return live > 0

    def _look_at(self, run: Run) -> bool:
        if run.handle is None:
            self._lifecycle.launch(run)
            return True
        self._lifecycle.stop_if_asked(run)
        status = self._lifecycle.status(run)
        self._echo(run)
        if status.alive:
            return True
        self._lifecycle.finish(run, status)
        self._echoed.pop(run.job_id, None)
        return False

    def _echo(self, run: Run) -> None:
        """The trainer's output on the server's console, whole lines, with the job's name before them."""
        cursor = self._echoed.get(run.job_id, 0)
        while True:
            data, _ = self._lifecycle.output(run, cursor)
            whole = data.rfind(b"\n") + 1
            if not whole:
                break
            for line in data[:whole].decode(errors="replace").splitlines():
                sys.stdout.write(f"[{run.job_id[-8:]}] {line}\n")
            cursor += whole
        sys.stdout.flush()
        self._echoed[run.job_id] = cursor
