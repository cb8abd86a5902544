"""Notifications over real records and real receivers on this machine, with a clock that a test moves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.adapters.mail_smtp import MailServer, SmtpMailer
from server.adapters.records_sqlite import SqliteRecords
from server.adapters.webhook_http import HttpWebhooks
from server.background.notifier import Notifier
from server.domain import keys
from server.domain.collection import Collection
from server.domain.jobs.states import StoredJob
from server.domain.notifications.service import Notifications
from server.errors import NotSignedIn
from server.ports.records import ABSENT, Put, Records
from shared.wire import Delivery, EndState, Hyperparameters, JobError, NotificationChoice
from tests.domain.accounts.conftest import SetClock
from tests.receivers import PostOffice, Receiver, post_office, receiving

ADA, BOB = "usr-ada", "usr-bob"
ERROR = JobError(code="nan_loss", message="The loss is not a number.", cause="Too high a rate.", fix="Use 1e-4.")


@dataclass
class Desk:
    """One server's notifications, and the other side of them."""

    records: Records
    clock: SetClock
    receiver: Receiver
    office: PostOffice
    mail_server: MailServer = field(default_factory=MailServer)
    accounts: dict[str, str] = field(default_factory=lambda: {ADA: "ada@example.org", BOB: "bob@example.org"})

    def __post_init__(self) -> None:
        self.service = self.another_server()
        self.notifier = Notifier(self.service)

    def another_server(self) -> Notifications:
        """Over the same records."""
        return Notifications(
            self.records,
            self.clock,
            SmtpMailer(self.mail_server, self.clock),
            HttpWebhooks(private_too=True, timeout_s=0.5),
            address_of=self.address_of,
            address="https://tuner.example.org",
        )

    def address_of(self, user_id: str) -> str:
        if user_id not in self.accounts:
            raise NotSignedIn("This account is no more.", code="accounts.gone")
        return self.accounts[user_id]

    def wants(self, owner: str = ADA, **choice: object) -> str | None:
        """Makes the choice; the secret, where this made one."""
        return self.service.change(owner, NotificationChoice.model_validate({"webhook_url": self.receiver.url, **choice})).webhook_secret

    def job_ends(self, state: EndState = "succeeded", *, owner: str = ADA, name: str = "Kettle") -> str:
        """What whoever ends a job writes in one go: the job as it is now, and an entry in the outbox."""
        job = StoredJob(
            id=self.clock.new_id("job"),
            owner=owner,
            name=name,
            note="",
            state=state,
            base_model="smollm2-135m-instruct",
            dataset_id="dst-1",
            document_ids=["doc-1"],
            content_sha256="0" * 64,
            method="lora",
            hyperparameters=Hyperparameters(),
            resolved={},
            created_at=self.clock.now(),
            finished_at=self.clock.now(),
            tuned_model="ft:smollm2:ada:kettle:abcdefgh" if state == "succeeded" else None,
            error=ERROR if state == "failed" else None,
        )
        jobs = Collection(self.records, StoredJob, kind="job", noun="job")
        entry = {"owner": owner, "job_id": job.id, "state": state}
        self.records.write(jobs.adding(owner, job.id, job), Put(keys.outbox(self.clock.new_id("end")), entry, ABSENT))
        return job.id

    def deliveries(self, owner: str = ADA) -> list[Delivery]:
        return self.service.deliveries(owner, limit=100, after=None).data

    def delivery(self) -> Delivery:
        """The only one."""
        (delivery,) = self.deliveries()
        return delivery


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    records = SqliteRecords(tmp_path / "records.sqlite3")
    with receiving() as receiver, post_office() as office:
        mail_server = MailServer("127.0.0.1", office.port, "none", sender="tuner@example.org")
        yield Desk(records, SetClock(), receiver, office, mail_server)
    records.close()
