"""Watches tests in a thread of its own: adopts those that outlived a server, starts what waits, judges what ended. That this server lives
is said by the supervisor's beats, for tests as for training."""

from typing import Final

import structlog

from server.background.rounds import Rounds
from server.domain.jobs.leases import Leases
from server.domain.testing.running import LEASE, TestRun, TestRuns
from server.errors import StaleWrite

_BUSY_S: Final = 1.0
_IDLE_S: Final = 3.0
_log = structlog.get_logger()


class Examiner:
    def __init__(self, tests: TestRuns, leases: Leases) -> None:
        self._tests = tests
        self._leases = leases
        self._rounds = Rounds("examiner", self._watch, rest_after_failure_s=_BUSY_S)
        self.start = self._rounds.start
        self.wake = self._rounds.wake

    def stop(self) -> None:
        """Stops watching. A test goes on; the next server adopts it at once."""
        self._rounds.stop()
        self._leases.rest(LEASE)

    def _watch(self) -> float:
        try:
            busy = self.round()
        except StaleWrite:  # Another server was faster.
            busy = True
        if not busy:
            self._tests.sweep()
        return _BUSY_S if busy else _IDLE_S

    def round(self) -> bool:
        """One look at the run and at those that wait. True while there is something to watch."""
        going = [run for run in self._tests.runs() if self._go_on(run)]
        if not going:
            started = self._tests.start_next()
            if started is None:
                self._leases.rest(LEASE)
            else:
                going.append(started)
        return bool(going) or self._tests.has_waiting()

    def _go_on(self, run: TestRun) -> bool:
        """True while it goes on, with us or with another server."""
        try:
            held = self._tests.held(run)
            return True if held is None else self._tests.look_at(held)
        except StaleWrite:
            return True  # Another server has it now, or its owner changed it: the next round sees it as it is.
        except Exception:
            _log.exception("test_not_looked_at", evaluation=run.evaluation_id)
            return True
