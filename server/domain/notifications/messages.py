"""What is said about the end of a job: as JSON for a webhook, as text for an e-mail. No secrets, no paths."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel

from server.domain.notifications.choices import Channel
from server.domain.openai.ids import seconds, shown
from shared.wire import EVENT_OF, Delivery, DeliveryEvent, EndState, JobError

_MAX_SUBJECT_NAME: Final = 80
_HAPPENED: Final[dict[EndState, str]] = {"succeeded": "has succeeded", "failed": "has failed", "cancelled": "was cancelled"}


class Ending(BaseModel):
    """The end of a job, frozen when it came: a retry of the job does not change what was said about its end."""

    id: str
    name: str
    state: EndState
    base_model: str
    tuned_model: str | None
    error: JobError | None
    at: datetime
    url: str

    @property
    def event(self) -> DeliveryEvent:
        return EVENT_OF[self.state]


class StoredDelivery(BaseModel):
    """`subject` and `text` are an e-mail's, `body` is a webhook's; the same at every attempt."""

    id: str
    owner: str
    channel: Channel
    event: DeliveryEvent
    job_id: str | None = None
    job_name: str | None = None
    subject: str = ""
    text: str = ""
    body: str = ""
    state: Literal["waiting", "delivered", "failed"] = "waiting"
    num_attempts: int = 0
    message: str = "Not sent yet."
    next_attempt_at: datetime | None = None
    created_at: datetime
    finished_at: datetime | None = None

    def shown(self) -> Delivery:
        return Delivery.model_validate(self.model_dump(include=set(Delivery.model_fields) - {"object"}))


def job_payload(ending: Ending) -> str:
    error = None if ending.error is None else {"code": ending.error.code, "message": ending.error.message}
    data = ending.model_dump(mode="json", include={"id", "name", "state", "base_model", "tuned_model", "url"}) | {"error": error}
    return _payload(ending.event, ending.at, data)


def event_payload(ending: Ending) -> str:
    """The same in the words of OpenAI's webhooks, which name the job and say no more."""
    return _event(f"fine_tuning.{ending.event}", ending.at, {"id": shown(ending.id)})


def job_mail(ending: Ending) -> tuple[str, str]:
    """Subject and text."""
    name = one_line(ending.name)
    told = f"“{name[:_MAX_SUBJECT_NAME]}” {_HAPPENED[ending.state]}"
    lines = [f"Your job “{name}” {_HAPPENED[ending.state]}.", "", f"Base model: {ending.base_model}"]
    if ending.tuned_model is not None:
        lines.append(f"Tuned model: {ending.tuned_model}")
    if ending.error is not None:
        lines += ["", ending.error.message, f"Likely cause: {ending.error.cause}", f"What to do: {ending.error.fix}"]
    lines += ["", ending.url, "", "You get this because you asked to be told. Change that under Settings."]
    return told, "\n".join(lines) + "\n"


def trial_payload(at: datetime, url: str, *, there: bool = False) -> str:
    """`there`: in the shape of OpenAI's."""
    say = _event if there else _payload
    return say("notification.test", at, {"message": "This is a test. Nothing has happened.", "url": url})


def trial_mail(url: str) -> tuple[str, str]:
    return "A test from LLM Tuner", f"This is a test. Nothing has happened.\n\n{url}\n"


def one_line(text: str) -> str:
    """A name as it can stand in one line: whatever is not printable, a line break among it, becomes a blank."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _event(kind: str, at: datetime, data: dict[str, Any]) -> str:
    """The id follows from what is told, so that it is the same at every attempt and for every way."""
    body = {"object": "event", "created_at": seconds(at), "type": kind, "data": data}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps({"id": f"evt_{digest[:32]}"} | body)


def _payload(event: str, at: datetime, data: dict[str, Any]) -> str:
    timestamp = at.isoformat().replace("+00:00", "Z")
    return json.dumps({"type": event, "timestamp": timestamp, "data": data})
