"""How a user wants to be told, and the secret that signs their webhooks: shown in the answer that makes it, and never again."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel

from server.domain import keys
from server.domain.collection import retrying
from server.errors import InvalidInput
from server.ports.clock import Clock
from server.ports.messengers import WebhookCaller
from server.ports.records import ABSENT, Put, Records
from shared.wire import EndState, NotificationChoice, WebhookFormat, WebhookSecret

Channel = Literal["email", "webhook"]
# Standard Webhooks: 24 to 64 random bytes, and a day to bring a new secret to the receiver.
_SECRET_BYTES: Final = 32
_OVERLAP: Final = timedelta(days=1)


class StoredChoice(BaseModel):
    """Who never chose has the defaults of the request."""

    email: bool = NotificationChoice().email
    browser: bool = NotificationChoice().browser
    webhook_url: str | None = None
    webhook_format: WebhookFormat = "llm_tuner"
    states: list[EndState] = NotificationChoice().states
    secret: str | None = None
    previous_secret: str | None = None
    previous_until: datetime | None = None

    @property
    def channels(self) -> list[Channel]:
        """The ways by which this server itself tells; the browser's is the page's business."""
        wanted: dict[Channel, bool] = {"email": self.email, "webhook": self.webhook_url is not None}
        return [channel for channel, is_wanted in wanted.items() if is_wanted]

    def secrets_at(self, now: datetime) -> list[str]:
        """What a message is signed with: the secret, and for a day the one before it."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return [secret for secret in (self.secret, self.previous_secret if overlaps else None) if secret is not None]


@dataclass(frozen=True)
class Choices:
    records: Records
    clock: Clock
    webhooks: WebhookCaller

    def of(self, user_id: str) -> StoredChoice:
        return self._read(user_id)[0]

    def change(self, user_id: str, choice: NotificationChoice) -> tuple[StoredChoice, str | None]:
        """The new choice, and the secret when this made the user's first one. Raises `InvalidInput` for an address that is not called."""
        url = choice.webhook_url or None
        if url is not None:
            self._check(url)

        def attempt() -> tuple[StoredChoice, str | None]:
            stored, version = self._read(user_id)
            made = _new_secret() if url is not None and stored.secret is None else None
            states = list(dict.fromkeys(choice.states))
            wanted = choice.model_dump() | {"webhook_url": url, "states": states}
            changed = stored.model_copy(update={**wanted, "secret": made or stored.secret})
            self._write(user_id, changed, version)
            return changed, made

        return retrying(attempt)

    def new_secret(self, user_id: str) -> WebhookSecret:
        def attempt() -> WebhookSecret:
            stored, version = self._read(user_id)
            until = None if stored.secret is None else self.clock.now() + _OVERLAP
            secret = _new_secret()
            update = {"secret": secret, "previous_secret": stored.secret, "previous_until": until}
            self._write(user_id, stored.model_copy(update=update), version)
            return WebhookSecret(secret=secret, previous_until=until)

        return retrying(attempt)

    def _read(self, user_id: str) -> tuple[StoredChoice, int]:
        found = self.records.get(keys.notifications(user_id))
        return (StoredChoice(), ABSENT) if found is None else (StoredChoice.model_validate(found.data), found.version)

    def _write(self, user_id: str, choice: StoredChoice, version: int) -> None:
        self.records.write(Put(keys.notifications(user_id), choice.model_dump(mode="json"), version))

    def _check(self, url: str) -> None:
        doubt = _doubt_about(url) or self.webhooks.refusal(url)
        if doubt is not None:
            raise InvalidInput(doubt, code="notifications.bad_webhook_url", param="webhook_url")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _doubt_about(url: str) -> str | None:
    """What is wrong with the address as it is written, for the person who wrote it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # Brackets that do not close, a port that is no number.
        return "This is not a web address. It should look like https://example.org/hooks/llm-tuner."
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url or "\\" in url or port == 0:
        return "This is not a web address. It should look like https://example.org/hooks/llm-tuner."
    if parts.username is not None or parts.password is not None:
        return "The address must not hold a user name or password. Every message is signed; check the signature instead."
    return None
