"""One attempt at one delivery, by the choice that holds now: an address mended meanwhile is used, one taken away is not."""

from collections.abc import Callable
from dataclasses import dataclass

from standardwebhooks import Webhook

from server.domain.notifications.choices import Choices, StoredChoice
from server.domain.notifications.messages import StoredDelivery
from server.errors import NotSignedIn
from server.ports.clock import Clock
from server.ports.messengers import Mail, Mailer, Outcome, WebhookCaller


@dataclass(frozen=True)
class Sender:
    """`address_of` gives a user's e-mail address, and raises `NotSignedIn` for an account that is gone."""

    clock: Clock
    choices: Choices
    mailer: Mailer
    webhooks: WebhookCaller
    address_of: Callable[[str], str]

    def send(self, delivery: StoredDelivery) -> Outcome:
        choice = self.choices.of(delivery.owner)
        if delivery.channel == "email":
            return self._mail(delivery, choice)
        return self._call(delivery, choice)

    def _mail(self, delivery: StoredDelivery, choice: StoredChoice) -> Outcome:
        if not choice.email:
            return Outcome(False, "Not sent: e-mail was turned off meanwhile.", final=True)
        if missing := self.mailer.missing():
            return Outcome(False, f"E-mail is not set up on this server. Its operator has to set {', '.join(missing)}.", final=True)
        try:
            address = self.address_of(delivery.owner)
        except NotSignedIn:
            return Outcome(False, "Not sent: the account is gone.", final=True)
        return self.mailer.send(Mail(delivery.id, address, delivery.subject, delivery.text))

    def _call(self, delivery: StoredDelivery, choice: StoredChoice) -> Outcome:
        if choice.webhook_url is None:
            return Outcome(False, "Not sent: the webhook was taken away meanwhile.", final=True)
        headers = {"content-type": "application/json", "user-agent": "LLM-Tuner", **self._signed(delivery, choice)}
        return self.webhooks.call(choice.webhook_url, headers, delivery.body.encode())

    def _signed(self, delivery: StoredDelivery, choice: StoredChoice) -> dict[str, str]:
        """The headers of Standard Webhooks 1.0; one signature for each secret that holds now."""
        now = self.clock.now()
        signatures = [Webhook(secret).sign(delivery.id, now, delivery.body) for secret in choice.secrets_at(now)]
        return {"webhook-id": delivery.id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": " ".join(signatures)}
