"""Tidies up in a thread of its own: accounts on their way out, and what has run out. Every step can be repeated, by any server."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from server.background.rounds import Rounds
from server.domain import keys
from server.domain.accounts.departure import Departure
from server.domain.accounts.service import Accounts
from server.errors import LlmTunerError
from server.ports.clock import Clock
from server.ports.records import Records

_SOON_S: Final = 1.0
_EVERY_S: Final = 60.0
_SWEEP_EVERY_S: Final = 3600.0
_USERS_AT_ONCE: Final = 100
_log = structlog.get_logger()
Expire = Callable[[datetime], None]


def nothing(_now: datetime) -> None:
    pass


class Sweeper:
    """`expire` deletes the documents whose time is over."""

    def __init__(self, records: Records, clock: Clock, accounts: Accounts, departure: Departure, *, expire: Expire = nothing) -> None:
        self._records = records
        self._clock = clock
        self._accounts = accounts
        self._departure = departure
        self._expire = expire
        self._swept_at = -_SWEEP_EVERY_S
        self._rounds = Rounds("sweeper", lambda: _SOON_S if self.round() else _EVERY_S, rest_after_failure_s=_EVERY_S)
        self.start = self._rounds.start
        self.stop = self._rounds.stop
        self.wake = self._rounds.wake

    def round(self) -> bool:
        """One look at everybody who leaves and at documents that expire, and now and then at what else has run out.

        True while somebody's runs still have to end.
        """
        self._expire(self._clock.now())
        unfinished = sum([not self._let_go(user_id) for user_id in self._departure.waiting()])
        if self._clock.monotonic() - self._swept_at >= _SWEEP_EVERY_S:
            self._swept_at = self._clock.monotonic()
            self.sweep()
        return unfinished > 0

    def sweep(self) -> None:
        """Removes what has run out: sessions, links, invitations, old entries of the security log."""
        after = None
        while not self._rounds.ending:
            page = self._records.page(keys.USERS_PARTITION, after=after, limit=_USERS_AT_ONCE)
            for pointer in page.records:
                profile = self._accounts.users.find(pointer.key.sort)
                if profile is not None:
                    self._accounts.sessions.sweep(profile.id, epoch=profile.epoch)
                    self._accounts.recovery.sweep(profile.id)
            if not page.has_more:
                break
            after = page.records[-1].key.sort
        self._accounts.admission.sweep()
        self._accounts.log.sweep()

    def _let_go(self, user_id: str) -> bool:
        try:
            gone = self._departure.go_on(user_id)
        except LlmTunerError as error:
            _log.warning("departure_interrupted", user=user_id, reason=error.code)
            return False
        if gone:
            _log.info("account_deleted", user=user_id)
        return gone
