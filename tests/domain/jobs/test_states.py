"""The table of moves, each allowed and each forbidden one: on the document, and asked for by a user."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from server.domain.jobs.states import MOVES, StoredJob
from server.errors import Conflict
from shared.constants import JobState
from shared.wire import Hyperparameters, JobPatch, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
STATES: tuple[JobState, ...] = get_args(JobState)
ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("queued", "failed"),
    ("queued", "paused"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("running", "paused"),
    ("running", "queued"),
    ("paused", "queued"),
    ("paused", "cancelled"),
    ("failed", "queued"),
    ("cancelled", "queued"),
}
ASKED: dict[str, Callable[[House, str], object]] = {
    "cancel": lambda house, job_id: house.jobs.cancel(OWNER, job_id),
    "pause": lambda house, job_id: house.jobs.pause(OWNER, job_id),
    "resume": lambda house, job_id: house.jobs.resume(OWNER, job_id),
    "retry": lambda house, job_id: house.jobs.retry(OWNER, job_id),
    "delete": lambda house, job_id: house.jobs.delete(OWNER, job_id),
    "rank": lambda house, job_id: house.jobs.patch(OWNER, job_id, JobPatch(queue_rank=1)),
    "settings": lambda house, job_id: house.jobs.patch(OWNER, job_id, JobPatch(hyperparameters=Hyperparameters(epochs=1))),
    "name": lambda house, job_id: house.jobs.patch(OWNER, job_id, JobPatch(name="Other")),
}
LEADS_TO: dict[str, dict[str, str | None]] = {
    "queued": {"cancel": "cancelled", "pause": "paused", "rank": "queued", "settings": "queued", "name": "queued"},
    "running": {"pause": "running", "name": "running"},
    "paused": {"cancel": "cancelled", "resume": "queued", "name": "paused"},
    "succeeded": {"delete": None, "name": "succeeded"},
    "failed": {"retry": "queued", "delete": None, "name": "failed"},
    "cancelled": {"retry": "queued", "delete": None, "name": "cancelled"},
}


def stored(state: JobState) -> StoredJob:
    return StoredJob(
        id="job-1",
        owner=OWNER,
        name="",
        note="",
        state=state,
        base_model="gpt2",
        dataset_id="dst-1",
        document_ids=[],
        content_sha256="",
        method="lora",
        hyperparameters=Hyperparameters(),
        resolved={},
        created_at=NOW,
    )


@pytest.mark.parametrize(("now", "then"), list(product(STATES, STATES)))
def test_the_table_is_this(now: JobState, then: JobState) -> None:
    if (now, then) in ALLOWED:
        moved = stored(now).moved(then, at=NOW, reason="because")
        assert (moved.state, moved.history[-1].state, moved.history[-1].reason) == (then, then, "because")
        assert (moved.finished_at is not None) == (then in {"succeeded", "failed", "cancelled"})
    else:
        with pytest.raises(Conflict, match=f"is {now}"):
            stored(now).moved(then, at=NOW)
    assert (then in MOVES[now]) == ((now, then) in ALLOWED)


def test_the_last_fifty_moves_are_remembered() -> None:
    job = stored("queued")
    for _ in range(40):
        job = job.moved("paused", at=NOW).moved("queued", at=NOW)
    assert len(job.history) == 50


def in_state(house: House, state: str) -> str:
    """A job that got there as jobs do."""
    house.trainer_will({"running": "wait", "failed": "fail"}.get(state, "succeed"))
    request = JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(OWNER).id])
    job_id = house.jobs.create(OWNER, request).id
    if state == "paused":
        house.jobs.pause(OWNER, job_id)
    elif state == "cancelled":
        house.jobs.cancel(OWNER, job_id)
    elif state != "queued":
        house.watch_until(lambda: house.jobs.get(OWNER, job_id).state == state)
    return job_id


@pytest.mark.parametrize("state", LEADS_TO)
def test_what_a_user_may_ask_of_a_job_in_each_state(house: House, state: str) -> None:
    for asked, call in ASKED.items():
        if state == "running" and asked == "cancel":
            continue  # It waits for the supervisor, see test_stopping.
        job_id = in_state(house, state)
        if asked in LEADS_TO[state]:
            call(house, job_id)
            after = LEADS_TO[state][asked]
            found = house.jobs.page(OWNER, limit=1, after=None, state=None).data
            assert (found[0].state if found and found[0].id == job_id else None) == after, asked
        else:
            with pytest.raises(Conflict):
                call(house, job_id)
            assert house.jobs.get(OWNER, job_id).state == state, asked
        house.end_everything()
