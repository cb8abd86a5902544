"""What routes and the notifier ask about notifications: the choice, the secret, a test, what was sent, and the next attempts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from server.domain.notifications.choices import Channel, Choices, StoredChoice
from server.domain.notifications.messages import StoredDelivery, trial_mail, trial_payload
from server.domain.notifications.outbox import Claim, Outbox, attempted
from server.domain.notifications.sending import Sender
from server.errors import Conflict, RateLimited
from server.ports.clock import Clock
from server.ports.messengers import Mailer, Outcome, WebhookCaller
from server.ports.records import Records
from shared.wire import Delivery, ListOf, NotificationChoice, NotificationSettings, WebhookSecret

_MAX_TRIALS: Final = 5
_TRIALS_WITHIN: Final = timedelta(minutes=1)
_log = structlog.get_logger()


class Notifications:
    """`address_of` gives a user's e-mail address; `address` is where people reach this installation, without a slash at its end."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        mailer: Mailer,
        webhooks: WebhookCaller,
        *,
        address_of: Callable[[str], str],
        address: str,
    ) -> None:
        self._clock = clock
        self._mailer = mailer
        self._address_of = address_of
        self._address = address
        self._choices = Choices(records, clock, webhooks)
        self._outbox = Outbox(records, clock, self._choices, address=address)
        self._sender = Sender(clock, self._choices, mailer, webhooks, address_of)

    def settings(self, user_id: str) -> NotificationSettings:
        return self._shown(user_id, self._choices.of(user_id))

    def change(self, user_id: str, choice: NotificationChoice) -> NotificationSettings:
        """Raises `InvalidInput` for a webhook address that is none, or that this server may not call."""
        changed, made = self._choices.change(user_id, choice)
        return self._shown(user_id, changed, secret=made)

    def new_secret(self, user_id: str) -> WebhookSecret:
        return self._choices.new_secret(user_id)

    def deliveries(self, user_id: str, *, limit: int, after: str | None) -> ListOf[Delivery]:
        found = self._outbox.deliveries.page(user_id, limit=limit, after=after)
        return ListOf(data=[delivery.shown() for delivery in found.items], has_more=found.has_more)

    def test(self, user_id: str) -> ListOf[Delivery]:
        """Sends a test by every way that is chosen, now and once, and says what came of it."""
        choice = self._choices.of(user_id)
        if not choice.channels:
            message = "There is nothing to test. Choose e-mail or enter a webhook address, and save it first."
            raise Conflict(message, code="notifications.nothing_chosen")
        self._need_patience(user_id)
        return ListOf(data=[self._try(user_id, choice, channel).shown() for channel in choice.channels])

    def expand(self) -> None:
        self._outbox.expand()

    def claim(self, most: int) -> list[Claim]:
        return self._outbox.claim(most)

    def attempt(self, claim: Claim) -> None:
        """Sends what was claimed and writes down what came of it. May take ten seconds and more."""
        delivery = self._outbox.settle(claim, self._sender.send(claim.delivery.value))
        if delivery is not None:
            _log.info(
                "notification_attempted", delivery=delivery.id, channel=delivery.channel, state=delivery.state, tries=delivery.num_attempts
            )

    def _try(self, user_id: str, choice: StoredChoice, channel: Channel) -> StoredDelivery:
        now = self._clock.now()
        subject, text = trial_mail(f"{self._address}/settings")
        delivery = StoredDelivery(
            id=self._clock.new_id("dlv"),
            owner=user_id,
            channel=channel,
            event="notification.test",
            subject=subject,
            text=text,
            body=trial_payload(now, f"{self._address}/settings", there=choice.webhook_format == "openai"),
            created_at=now,
        )
        outcome = self._sender.send(delivery)
        once = attempted(delivery, Outcome(outcome.delivered, outcome.message, final=True), self._clock.now())
        self._outbox.deliveries.write(self._outbox.deliveries.adding(user_id, once.id, once))
        return once

    def _need_patience(self, user_id: str) -> None:
        """A test makes this server call an address of the user's choice: not a tool to knock at doors with."""
        since = self._clock.now() - _TRIALS_WITHIN
        latest = self._outbox.deliveries.page(user_id, limit=4 * _MAX_TRIALS).items
        trials = {delivery.created_at for delivery in latest if delivery.event == "notification.test" and delivery.created_at > since}
        if len(trials) >= _MAX_TRIALS:
            wait = int(_TRIALS_WITHIN.total_seconds())
            raise RateLimited(
                "That were many tests. Wait a minute, then try again.", code="notifications.too_many_tests", retry_after_s=wait
            )

    def _shown(self, user_id: str, choice: StoredChoice, *, secret: str | None = None) -> NotificationSettings:
        return NotificationSettings(
            email=choice.email,
            browser=choice.browser,
            webhook_url=choice.webhook_url,
            webhook_format=choice.webhook_format,
            states=choice.states,
            email_address=self._address_of(user_id),
            email_missing=self._mailer.missing(),
            has_webhook_secret=choice.secret is not None,
            webhook_secret=secret,
        )
