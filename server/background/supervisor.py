"""Watches runs in a thread of its own: adopts those that outlived a server, starts what waits, judges what ended. A second thread says,
every two seconds, that this server lives; without it another server takes its runs over."""

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Final

import structlog

from server.background.rounds import Rounds
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
        self._echoed: dict[str, int] = {}
        self._swept = False
        self._superseded_at = -_SUPERSEDED_EVERY_S
        self._rounds = Rounds("supervisor", self._watch, rest_after_failure_s=_BUSY_S)
        self._beats = Rounds("beats", self._live, rest_after_failure_s=BEAT_S)
        self.wake = self._rounds.wake

    def start(self) -> None:
        self._rounds.start()
        self._beats.start()

    def stop(self) -> None:
        """Stops watching. Runs go on; the next server adopts them at once."""
        self._rounds.stop()
        self._beats.stop()
        self._guarded(self._leases.rest)

    def _watch(self) -> float:
        if not self._swept:
            self._swept = True
            self._guarded(self._tidying.sweep)
        if time.monotonic() - self._superseded_at >= _SUPERSEDED_EVERY_S:
            self._superseded_at = time.monotonic()
            self._guarded(self._superseded.end)
        try:
            busy = self.round()
        except StaleWrite:  # Another server was faster.
            busy = True
        return _BUSY_S if busy else _IDLE_S

    def _live(self) -> float:
        self._leases.beat()
        return BEAT_S

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
