"""Copies what runs leave to the blob store, in a thread of its own: a store that dawdles or is away holds up nothing but the copies."""

import math
from collections.abc import Callable
from typing import Final

import structlog

from server.background.rounds import Rounds
from server.domain.jobs.copied import Damaged
from server.domain.jobs.copies import RunCopies
from server.domain.jobs.leftovers import Leftovers
from server.domain.jobs.tidying import Tidying
from server.errors import LlmTunerError, StaleWrite
from server.ports.clock import Clock

_LOOK_S: Final = 1.0
_LOG_EVERY_S: Final = 60.0
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 60.0
_STOP_S: Final = 3.0
_LEFTOVERS_EVERY_S: Final = 3600.0
_log = structlog.get_logger()


class Copier:
    def __init__(self, copies: RunCopies, tidying: Tidying, leftovers: Leftovers, clock: Clock) -> None:
        self._copies = copies
        self._tidying = tidying
        self._leftovers = leftovers
        self._leftovers_due = -math.inf
        self._clock = clock
        self._rounds = Rounds("copier", self._watch, rest_after_failure_s=_FIRST_PAUSE_S)
        self._logged_at: dict[str, float] = {}
        self._pauses: dict[str, tuple[float, float]] = {}

    def start(self) -> None:
        if self._copies.on:
            self._rounds.start()

    def stop(self) -> None:
        """What is under way may be large and is not waited for: the next server begins it again."""
        self._rounds.stop(within_s=_STOP_S)

    def round(self) -> None:
        """One look at every run that this server holds and at every job that has come to rest."""
        held = self._copies.held()
        for job_id, owner in held.items():
            self._tried(job_id, lambda job_id=job_id, owner=owner: self._copy(owner, job_id))  # type: ignore[misc]
        for job_id, owner in self._copies.to_settle().items():
            if job_id not in held:
                self._tried(job_id, lambda job_id=job_id, owner=owner: self._settle(owner, job_id))  # type: ignore[misc]

    def _copy(self, owner: str, job_id: str) -> None:
        now = self._clock.monotonic()
        since = self._logged_at.setdefault(job_id, now)
        with_log = now - since >= _LOG_EVERY_S
        if self._copies.copy(owner, job_id, with_log=with_log) or with_log:
            self._logged_at[job_id] = now

    def _settle(self, owner: str, job_id: str) -> None:
        self._tidying.settle(owner, job_id)
        self._logged_at.pop(job_id, None)

    def _tried(self, job_id: str, step: Callable[[], None]) -> None:
        """A job whose copy failed is left alone for a while, the longer the more often it did."""
        now = self._clock.monotonic()
        due, pause = self._pauses.get(job_id, (now, _FIRST_PAUSE_S))
        if now < due or self._rounds.ending:
            return
        try:
            step()
            self._pauses.pop(job_id, None)
            return
        except StaleWrite:
            self._copies.look_anew(job_id)  # Another server wrote: the next look sees what.
            return
        except (LlmTunerError, Damaged, OSError) as error:
            _log.warning("run_not_copied", job=job_id, reason=str(error), again_in_s=pause)
        except Exception:
            # The border of this thread: one job's trouble is not the others'.
            _log.exception("run_not_copied", job=job_id)
        self._copies.look_anew(job_id)
        self._pauses[job_id] = (self._clock.monotonic() + pause, min(2 * pause, _LONGEST_PAUSE_S))

    def _watch(self) -> float:
        self.round()
        if self._clock.monotonic() >= self._leftovers_due:
            self._leftovers_due = self._clock.monotonic() + _LEFTOVERS_EVERY_S
            self._leftovers.remove()
        return _LOOK_S
