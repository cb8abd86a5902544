"""From the end of a job to messages that arrive: at least once, in any order, over restarts, by any number of servers.

Whatever ends a job leaves an entry in the outbox, in the same write. `expand` turns it into deliveries, each with a pointer under the time
at which it is due. `claim` moves that pointer ahead: of two servers one succeeds, and when it dies with the message in its hands, the
pointer comes due again. `settle` writes down what came of an attempt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import BaseModel, ValidationError

from server.domain import keys
from server.domain.collection import Collection, Stored
from server.domain.jobs.states import StoredJob
from server.domain.notifications.choices import Choices
from server.domain.notifications.messages import Ending, StoredDelivery, event_payload, job_mail, job_payload
from server.errors import NotFound, StaleWrite
from server.ports.clock import Clock
from server.ports.messengers import Outcome
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.wire import EndState

_BACK_OFF: Final = [timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)]
_CLAIM: Final = timedelta(minutes=2)
"""Longer than an attempt takes: after it, whoever claimed the delivery is taken for dead."""
_KEPT: Final = 50
_LOOKED_AT: Final = 1_000
_MAX_PER_OWNER: Final = 2
_log = structlog.get_logger()


class Entry(BaseModel):
    """What ends a job writes this, in the write that ends it."""

    owner: str
    job_id: str
    state: EndState


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours to send, until its pointer comes due again."""

    delivery: Stored[StoredDelivery]
    pointer: Record


class Outbox:
    """`address` is where people reach this installation, without a slash at its end."""

    def __init__(self, records: Records, clock: Clock, choices: Choices, *, address: str) -> None:
        self._records = records
        self._clock = clock
        self._choices = choices
        self._address = address
        self._jobs = Collection(records, StoredJob, kind="job", noun="job")
        self.deliveries = Collection(records, StoredDelivery, kind="delivery", noun="delivery")

    def expand(self) -> None:
        """Makes the deliveries of every job that ended, and forgets old ones of the same owners."""
        for record in self._records.page(keys.OUTBOX_PARTITION, limit=_LOOKED_AT).records:
            try:
                entry = Entry.model_validate(record.data)
            except ValidationError:
                _log.exception("outbox_entry_not_understood", entry=record.key.sort)
                self._records.write(Delete(record.key, expect=None))
                continue
            try:
                self._expand(record, entry)
            except StaleWrite:
                continue  # Another server was faster.
            self._forget_old(entry.owner)

    def claim(self, most: int) -> list[Claim]:
        """Deliveries that are due, at most two of one owner, so that nobody's slow receiver holds up everybody's messages."""
        now = self._clock.now()
        claims: list[Claim] = []
        of_owner: dict[str, int] = {}
        for pointer in self._records.page(keys.DELIVERIES_PARTITION, limit=_LOOKED_AT).records:
            owner = str(pointer.data["owner"])
            if len(claims) == most:
                break
            if not _is_due(pointer, now) or of_owner.get(owner, 0) == _MAX_PER_OWNER:
                continue
            if (claimed := self._claim(pointer, owner, now)) is not None:
                claims.append(claimed)
                of_owner[owner] = of_owner.get(owner, 0) + 1
        return claims

    def settle(self, claim: Claim, outcome: Outcome) -> StoredDelivery | None:
        """Writes down what came of the attempt. None when the claim had run out and another server took over."""
        now = self._clock.now()
        delivery = attempted(claim.delivery.value, outcome, now)
        try:
            self._records.write(
                self.deliveries.replacing(delivery.owner, delivery.id, delivery, version=claim.delivery.version),
                Delete(claim.pointer.key, claim.pointer.version),
                *([] if delivery.next_attempt_at is None else [_pointer(delivery, delivery.next_attempt_at)]),
            )
        except StaleWrite:
            return None
        return delivery

    def _expand(self, record: Record, entry: Entry) -> None:
        try:
            job = self._jobs.get(entry.owner, entry.job_id).value
        except NotFound:  # Deleted since: whoever deletes a job knows that it has ended.
            self._records.write(Delete(record.key, record.version))
            return
        made = self._deliveries(job, entry.state)
        self._records.write(
            Delete(record.key, record.version),
            *(self.deliveries.adding(entry.owner, delivery.id, delivery) for delivery in made),
            *(_pointer(delivery, delivery.created_at) for delivery in made),
        )

    def _deliveries(self, job: StoredJob, state: EndState) -> list[StoredDelivery]:
        choice = self._choices.of(job.owner)
        if state not in choice.states:
            return []
        now = self._clock.now()
        ending = Ending(
            id=job.id,
            name=job.name,
            state=state,
            base_model=job.base_model,
            tuned_model=job.tuned_model if state == "succeeded" else None,
            error=job.error if state == "failed" else None,
            at=job.finished_at or now,
            url=f"{self._address}/jobs/{job.id}",
        )
        subject, text = job_mail(ending)
        return [
            StoredDelivery(
                id=self._clock.new_id("dlv"),
                owner=job.owner,
                channel=channel,
                event=ending.event,
                job_id=job.id,
                job_name=job.name,
                subject=subject,
                text=text,
                body=event_payload(ending) if choice.webhook_format == "openai" else job_payload(ending),
                created_at=now,
                next_attempt_at=now,
            )
            for channel in choice.channels
        ]

    def _claim(self, pointer: Record, owner: str, now: datetime) -> Claim | None:
        try:
            delivery = self.deliveries.get(owner, str(pointer.data["delivery_id"]))
            held = _pointer(delivery.value, now + _CLAIM)
            self._records.write(Delete(pointer.key, pointer.version), held)
        except StaleWrite:
            return None
        except NotFound:
            self._records.write(Delete(pointer.key, expect=None))
            return None
        return Claim(delivery, Record(held.key, 1, held.data))

    def _forget_old(self, owner: str) -> None:
        old = self.deliveries.page(owner, limit=2 * _KEPT).items[_KEPT:]
        for delivery in old:
            if delivery.state != "waiting":
                self._records.write(Delete(keys.owned(owner, "delivery", delivery.id), expect=None))


def attempted(delivery: StoredDelivery, outcome: Outcome, now: datetime) -> StoredDelivery:
    """The delivery after one more attempt."""
    tries = delivery.num_attempts + 1
    told = {"num_attempts": tries, "message": outcome.message}
    if outcome.delivered:
        return delivery.model_copy(update={**told, "state": "delivered", "next_attempt_at": None, "finished_at": now})
    if outcome.final or tries > len(_BACK_OFF):
        return delivery.model_copy(update={**told, "state": "failed", "next_attempt_at": None, "finished_at": now})
    return delivery.model_copy(update={**told, "next_attempt_at": now + _BACK_OFF[tries - 1]})


def _pointer(delivery: StoredDelivery, due: datetime) -> Put:
    return Put(keys.due_delivery(due, delivery.id), {"owner": delivery.owner, "delivery_id": delivery.id}, ABSENT)


def _is_due(pointer: Record, now: datetime) -> bool:
    """Also what lies further ahead than any wait is long: the clock was set back since."""
    due = datetime.fromisoformat(pointer.key.sort.partition("#")[0])
    return due <= now or due > now + _BACK_OFF[-1] + _CLAIM
