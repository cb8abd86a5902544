"""An account goes with everything in it, also while a run is under way, and also when the server dies half-way."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

import pytest

from server.background.sweeper import Sweeper
from server.domain import keys
from server.domain.accounts.departure import Departure
from server.domain.accounts.passwords import Passwords
from server.domain.accounts.service import Accounts, SignedIn
from server.domain.accounts.visits import SOMEWHERE
from server.errors import NotSignedIn, Unavailable
from shared.wire import AccountDeletion, EvaluationRequest, GuideDatasetRequest, JobRequest, ReportRequest, TestSetRequest
from tests.domain.accounts.conftest import PASSWORD, SECRET
from tests.domain.conftest import House
from tests.domain.reports.conftest import Desk

EMAIL = "ada@example.org"


def file_of(content: bytes) -> BinaryIO:
    file = TemporaryFile()  # noqa: SIM115 - closed by whoever asked. The reader is a program of its own, which takes a descriptor.
    file.write(content)
    return cast(BinaryIO, file)


class Estate:
    """Ada's account in a whole installation."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.accounts = Accounts(
            house.records,
            house.clock,
            secret=SECRET,
            access_token_ttl_s=900,
            session_ttl_s=86_400,
            passwords=Passwords(memory_kib=8, passes=1),
        )
        self.reports = Desk(house).reports
        self.departure = Departure(
            house.records,
            house.clock,
            self.accounts,
            house.jobs,
            house.tuned_models,
            house.datasets,
            house.documents,
            house.uploads,
            self.reports,
            house.testing,
        )
        self.sweeper = Sweeper(house.records, house.clock, self.accounts, self.departure)
        self.ada: SignedIn = self.accounts.register(EMAIL, PASSWORD)

    @property
    def user_id(self) -> str:
        return self.ada.session.user.id

    def start_job(self) -> str:
        document = self.house.document(self.user_id)
        request = JobRequest(base_model="gpt2-scratch-1m", document_ids=[document.id], allow_short_run=True)
        return self.house.jobs.create(self.user_id, request).id

    def ask(self) -> None:
        caller = self.accounts.identify(self.ada.session.access_token)
        self.departure.ask(caller, AccountDeletion(email=EMAIL, password=PASSWORD), SOMEWHERE)

    def leave(self) -> None:
        """The sweeper and the supervisor take turns until nothing is left to do."""
        self.house.watch_until(lambda: not self.sweeper.round() and not self.departure.waiting(), rounds=300)

    def left_over(self) -> list[str]:
        records = self.house.records
        found = [record.key.sort for record in records.page(keys.collection_partition(self.user_id)).records]
        for partition in (
            keys.USERS_PARTITION,
            keys.LEAVING_PARTITION,
            keys.QUEUE_PARTITION,
            keys.RUNNING_PARTITION,
            keys.EVALUATING_PARTITION,
        ):
            found += [f"{partition} {record.key.sort}" for record in records.page(partition).records]
        return found + [str(path) for path in (self.house.folder / "blobs").rglob("*") if path.is_file()]


@pytest.fixture
def estate(house: House) -> Iterator[Estate]:
    yield Estate(house)


def test_a_finished_job_its_model_its_report_and_its_data_go(estate: Estate) -> None:
    job_id = estate.start_job()
    estate.house.watch_until(lambda: estate.house.jobs.get(estate.user_id, job_id).state == "succeeded")
    estate.reports.create(estate.user_id, ReportRequest(job_ids=[job_id]))
    assert any("report" in left for left in estate.left_over())
    estate.ask()
    estate.leave()
    assert estate.left_over() == []
    assert not Path(estate.house.folder / "runs" / job_id).exists()


def test_a_run_that_is_under_way_is_stopped_first(estate: Estate) -> None:
    estate.house.trainer_will("wait")
    job_id = estate.start_job()
    waiting = estate.start_job()
    estate.house.watch_until(lambda: estate.house.jobs.get(estate.user_id, job_id).state == "running")
    estate.ask()
    with pytest.raises(NotSignedIn):
        estate.accounts.caller(estate.ada.session.access_token)
    assert not estate.departure.go_on(estate.user_id), "the run has not ended yet"
    estate.leave()
    assert estate.left_over() == []
    assert not [folder for folder in (job_id, waiting) if (estate.house.folder / "runs" / folder).exists()]


def test_guides_and_tests_go_too_and_a_running_test_is_stopped_first(estate: Estate) -> None:
    house, ada = estate.house, estate.user_id
    job_id = estate.start_job()
    house.watch_until(lambda: house.jobs.get(ada, job_id).state == "succeeded")
    text = b"Warm the pot before anything else.\n\nThe pot was warmed and the tea is hot.\n\nScore: 4/5\n"
    with file_of(text) as file:
        guide = house.guides.add(ada, file, filename="tea.txt", name=None, description="")
    house.guides.dataset(ada, GuideDatasetRequest(guide_ids=[guide.id]))
    with file_of(b"The tea was cold.") as file:
        essay = house.submissions.add(ada, file, filename="essay.txt", name=None, expected=None, expected_score=2)
    tests = house.test_sets.create(ada, TestSetRequest(submission_ids=[essay.id]))
    asked = EvaluationRequest(test_set_id=tests.id, tuned_model_ids=[str(house.jobs.get(ada, job_id).tuned_model)])
    house.evaluations.create(ada, asked)
    house.test_until(lambda: house.evaluations.page(ada, limit=1, after=None).data[0].state == "succeeded")
    house.examiner_will("wait")
    running, waiting = house.evaluations.create(ada, asked), house.evaluations.create(ada, asked)
    house.test_until(lambda: bool(house.tests_of(running.id)))
    estate.ask()
    assert not estate.departure.go_on(ada), "the test has not ended yet"
    house.test_until(lambda: estate.departure.go_on(ada))
    assert estate.left_over() == []
    assert not house.tests_of(waiting.id)


def test_whatever_breaks_half_way_is_done_again(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        estate.house.document(estate.user_id)
    estate.ask()
    write, writes = estate.house.records.write, 0

    def cut(*changes: object) -> None:
        nonlocal writes
        writes += 1
        if writes % 2 == 0:
            raise Unavailable("The records are busy.", code="records.busy")
        write(*changes)  # type: ignore[arg-type]

    monkeypatch.setattr(estate.house.records, "write", cut)
    estate.leave()
    assert estate.left_over() == []


def test_others_keep_what_is_theirs(estate: Estate) -> None:
    bob = estate.accounts.register("bob@example.org", PASSWORD).session
    kept = estate.house.document(bob.user.id)
    estate.house.document(estate.user_id)
    estate.ask()
    estate.leave()
    assert estate.house.documents.get(bob.user.id, kept.id) == kept
    assert estate.accounts.caller(bob.access_token) == bob.user.id
    assert estate.accounts.register(EMAIL, PASSWORD).session.user.id != estate.user_id
