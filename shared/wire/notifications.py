"""Being told when a job ends: what a person chooses, and what became of each message."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from shared.wire.base import Answer, Request

EndState = Literal["succeeded", "failed", "cancelled"]
DeliveryEvent = Literal["job.succeeded", "job.failed", "job.cancelled", "notification.test"]
EVENT_OF: Final[dict[EndState, DeliveryEvent]] = {
    "succeeded": "job.succeeded",
    "failed": "job.failed",
    "cancelled": "job.cancelled",
}


WebhookFormat = Literal["llm_tuner", "openai"]


class NotificationChoice(Request):
    """The whole choice, replaced as a whole. `states` are the ends that are told, by whichever way. `webhook_format` "openai": webhooks
    say `fine_tuning.job.succeeded` and so on, as OpenAI's do; its clients' `webhooks.unwrap` takes them."""

    email: bool = False
    browser: bool = True
    webhook_url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] | None = None
    webhook_format: WebhookFormat = "llm_tuner"
    states: Annotated[list[EndState], Field(max_length=3)] = ["succeeded", "failed"]


class NotificationSettings(Answer):
    object: Literal["notification_settings"] = "notification_settings"
    email: bool
    browser: bool
    webhook_url: str | None
    webhook_format: WebhookFormat = "llm_tuner"
    states: list[EndState]
    email_address: str
    email_missing: list[str]
    """The server's settings that e-mail still needs. Empty: it can be sent."""
    has_webhook_secret: bool
    webhook_secret: str | None = None
    """Only in the answer that made it: a first webhook address gets a secret by itself."""


class WebhookSecret(Answer):
    """A new secret, shown this once. Until `previous_until` messages carry a signature by the old one as well."""

    object: Literal["webhook_secret"] = "webhook_secret"
    secret: str
    previous_until: datetime | None


class Delivery(Answer):
    """One message by one way. `id` is the `webhook-id`, the same at every attempt. `message` says what the last attempt came to."""

    id: str
    object: Literal["delivery"] = "delivery"
    channel: Literal["email", "webhook"]
    event: DeliveryEvent
    job_id: str | None
    job_name: str | None
    state: Literal["waiting", "delivered", "failed"]
    num_attempts: int
    message: str
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
