"""Sends what is due, in a thread of its own. Slow receivers are called side by side: one holds up the others for seconds at most."""

import threading
from typing import Final

import structlog

from server.background.rounds import Rounds
from server.domain.notifications.outbox import Claim
from server.domain.notifications.service import Notifications
from server.errors import LlmTunerError

_PAUSE_S: Final = 2.0
_AT_ONCE: Final = 8
_STOP_S: Final = 3.0
_LOOK_S: Final = 0.1
_log = structlog.get_logger()


class Notifier:
    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications
        self._rounds = Rounds("notifier", lambda: 0.0 if self.round() else _PAUSE_S, rest_after_failure_s=_PAUSE_S)
        self.start = self._rounds.start
        self.wake = self._rounds.wake

    def stop(self) -> None:
        """Waits a moment for what is being sent. What is not through by then is claimed for a while yet, and sent again after it."""
        self._rounds.stop()

    def round(self) -> bool:
        """Everything that is due now, eight at once. True when there was something."""
        self._notifications.expand()
        claims = self._notifications.claim(_AT_ONCE)
        calls = [threading.Thread(target=self._attempt, args=(claim,), name="notifying", daemon=True) for claim in claims]
        for call in calls:
            call.start()
        for call in calls:
            self._join(call)
        return bool(claims)

    def _join(self, call: threading.Thread) -> None:
        while call.is_alive() and not self._rounds.ending:
            call.join(_LOOK_S)
        call.join(_STOP_S if self._rounds.ending else None)

    def _attempt(self, claim: Claim) -> None:
        try:
            self._notifications.attempt(claim)
        except LlmTunerError as error:
            # The records are closed or busy; the claim runs out and the message is sent again.
            _log.warning("notification_not_settled", delivery=claim.delivery.value.id, reason=error.code)
        except Exception:
            _log.exception("notification_attempt_failed", delivery=claim.delivery.value.id)
