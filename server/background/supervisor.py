"""Watches runs in a thread of its own: adopts those that outlived a server, starts what waits, judges what ended. A second thread says,
every two seconds, that this server lives; without it another server takes its runs over."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from server.domain.jobs.leases import BEAT_S, Leases
from server.domain.jobs.lifecycle import Lifecycle
from server.domain.jobs.runs import Run
from server.domain.jobs.superseded import Superseded
from server.domain.jobs.tidying import Tidying
from server.errors import StaleWrite

_BUSY_S: Final = 1.0
_IDLE_S: Final = 5.0
_SUPERSEDED_EVERY_S: Final = 30.0
_log = structlog.get_logger()


class Supervisor:
    def __init__(self, lifecycle: Lifecycle, leases: Leases, tidying: Tidying, superseded: Superseded) -> None:
        self._lifecycle = lifecycle
        self._superseded = superseded
        self._leases = leases
        self._tidying = tidying
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._echoed: dict[str, int] = {}

    def start(self) -> None:
        for name, loop in (("supervisor", self._watch), ("beats", self._live)):
            thread = threading.Thread(target=loop, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stops watching. Runs go on; the next server adopts them at once."""
        self._ending.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        self._guarded(self._leases.rest)

    def wake(self) -> None:
        """Something changed: look now and not at the next tick."""
        self._wake.set()

    def _watch(self) -> None:
        self._guarded(self._tidying.sweep)
        looked_at = -_SUPERSEDED_EVERY_S
        while not self._ending.is_set():
            busy = True
            if time.monotonic() - looked_at >= _SUPERSEDED_EVERY_S:
                looked_at = time.monotonic()
                self._guarded(self._superseded.end)
            self._wake.clear()
            try:
                busy = self.round()
            except StaleWrite:
                pass  # Another server was faster.
            except Exception:
                # The border of this thread: whatever went wrong with one round must not end the watching.
                _log.exception("supervisor_round_failed")
            self._wake.wait(_BUSY_S if busy else _IDLE_S)

    def _live(self) -> None:
        while not self._ending.wait(BEAT_S):
            self._guarded(self._leases.beat)

    def round(self) -> bool:
        """One look at every run and at the queue. True while there is something to watch."""
        runs = self._lifecycle.runs()
        going = [run for run in runs if self._go_on(run)]
        while (started := self._lifecycle.start_next()) is not None:
            going.append(started)
        if not any(run.holder == self._leases.me for run in self._lifecycle.runs()):
            self._guarded(self._leases.rest)
        if not going:
            self._guarded(self._leases.sweep)
        return bool(going) or self._lifecycle.has_waiting()

    def _go_on(self, run: Run) -> bool:
        """One run's trouble is not the others'. True while it goes on."""
        try:
            held = self._lifecycle.held(run)
            if held is None:
                return True
            return self._look_at(held)
        except StaleWrite:
            return True  # Another server has it now, or its owner changed it: the next round sees it as it is.
        except Exception:
            _log.exception("run_not_looked_at", job=run.job_id)
            return True

    def _look_at(self, run: Run) -> bool:
        goes_on = self._lifecycle.look_at(run)
        self._echo(run)
        return goes_on

    def _echo(self, run: Run) -> None:
        """The trainer's output on the server's console, whole lines, with the job's name before them."""
        cursor = self._echoed.get(run.job_id, 0)
        while True:
            data, _ = self._lifecycle.output(run, cursor)
            whole = data.rfind(b"\n") + 1
            if not whole:
                break
            with contextlib.suppress(OSError):  # A console on a full disk, or one that was closed: the run's own log has it all.
                for line in data[:whole].decode(errors="replace").splitlines():
                    sys.stdout.write(f"[{run.job_id[-8:]}] {line}\n")
                sys.stdout.flush()
            cursor += whole
        self._echoed[run.job_id] = cursor

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            # A full disk, say: the step is repeated later or by the next server.
            _log.exception("supervisor_step_failed")
