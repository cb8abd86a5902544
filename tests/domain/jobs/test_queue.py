"""Whose turn it is: fair between owners, in each owner's own order, with a place and a time that can be told."""

from collections import Counter

import pytest

from server.domain import keys
from server.domain.jobs.queue import Waiting, fair_order, starts_in_s
from server.errors import Conflict
from server.ports.records import Put
from shared.wire import Hyperparameters, Job, JobPatch, JobRequest
from tests.domain.conftest import House


def waiting(job_id: str, owner: str, order: float = 0.0) -> Waiting:
    return Waiting(job_id, owner, order, "gpt2", "lora", 1000, 0, 1)


def submit(house: House, owner: str, times: int = 1) -> list[Job]:
    document = house.document(owner).id
    return [house.jobs.create(owner, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document])) for _ in range(times)]


def ranks(house: House, jobs: list[Job], owner: str = "usr-1") -> list[int | None]:
    return [house.jobs.get(owner, job.id).queue_rank for job in jobs]


def test_fifty_jobs_of_one_user_delay_anothers_first_by_one_at_most() -> None:
    many = [waiting(f"job-{number:03}", "ada") for number in range(50)]
    order = list(fair_order([*many, waiting("job-900", "bob")], running=["ada"], turns={"ada": 1}, slots=1))
    assert [one.owner for one in order[:3]] == ["bob", "ada", "ada"]
    assert len(order) == 51


def test_with_several_slots_whoever_has_fewer_runs_goes_first() -> None:
    many = [waiting(f"job-{number:03}", "ada") for number in range(9)] + [waiting(f"job-5{number:02}", "bob") for number in range(9)]
    order = [one.owner for one in fair_order(many, running=["ada", "ada", "ada"], turns={"ada": 3}, slots=4)]
    assert order[0] == "bob"
    assert Counter(order[:6]) == {"ada": 2, "bob": 4}


def test_two_users_take_turns_however_many_jobs_each_has() -> None:
    both = [waiting(f"job-{number:03}", owner) for number, owner in enumerate(["ada"] * 6 + ["bob"] * 3)]
    assert [one.owner for one in fair_order(both, running=[], turns={}, slots=1)] == ["ada", "bob"] * 3 + ["ada"] * 3


def test_starts_follow_from_what_is_left_and_what_was_measured() -> None:
    order = [waiting("a", "ada"), waiting("b", "bob"), waiting("c", "cy")]
    assert starts_in_s(order, left_s=[10.0], slots=1, seconds_of=lambda one: 5.0) == [10.0, 15.0, 20.0]
    assert starts_in_s(order, left_s=[10.0], slots=2, seconds_of=lambda one: 5.0) == [0.0, 5.0, 10.0]
    assert starts_in_s(order, left_s=[None], slots=1, seconds_of=lambda one: 5.0) == [None, None, None]
    assert starts_in_s(order, left_s=[], slots=1, seconds_of=lambda one: None) == [0.0, None, None]


def test_the_queue_really_runs_in_that_order(house: House) -> None:
    ada, bob = submit(house, "usr-1", 4), submit(house, "usr-2", 1)
    told = [(owner, house.jobs.get(owner, job.id)) for owner, jobs in (("usr-1", ada), ("usr-2", bob)) for job in jobs]
    expected = [job.id for _, job in sorted(told, key=lambda one: one[1].queue_position or 0)]
    assert [job.queue_position for _, job in told] == [1, 3, 4, 5, 2]
    assert [job.queue_rank for _, job in told] == [1, 2, 3, 4, 1]
    house.watch_until(lambda: all(house.jobs.get(owner, job.id).state == "succeeded" for owner, job in told))
    started = {job.id: house.jobs.get(owner, job.id).started_at for owner, job in told}
    assert sorted(started, key=lambda job_id: str(started[job_id])) == expected


@pytest.mark.parametrize(("rank", "after"), [(1, [2, 3, 1]), (2, [1, 3, 2]), (3, [1, 2, 3]), (99, [1, 2, 3])])
def test_a_waiting_job_is_moved_among_its_owners(house: House, rank: int, after: list[int]) -> None:
    jobs = submit(house, "usr-1", 3)
    assert house.jobs.patch("usr-1", jobs[2].id, JobPatch(queue_rank=rank)).queue_rank == min(rank, 3)
    assert ranks(house, jobs) == after


def test_a_place_between_two_is_found_however_often_it_is_asked_for(house: House) -> None:
    jobs = submit(house, "usr-1", 3)
    for turn in range(70):
        house.jobs.patch("usr-1", jobs[turn % 3].id, JobPatch(queue_rank=2))
        assert ranks(house, jobs)[turn % 3] == 2
        assert sorted(rank or 0 for rank in ranks(house, jobs)) == [1, 2, 3]


def test_jobs_of_one_place_are_numbered_anew(house: House) -> None:
    """As the queue of an earlier version leaves them: pointers without an order."""
    jobs = submit(house, "usr-1", 4)
    for job in jobs:
        house.records.write(Put(keys.queued(job.id), {"owner": "usr-1"}, None))
    assert ranks(house, jobs) == [1, 2, 3, 4]
    house.jobs.patch("usr-1", jobs[3].id, JobPatch(queue_rank=2))
    assert ranks(house, jobs) == [1, 3, 4, 2]


def test_the_settings_of_a_waiting_job_are_planned_anew(house: House) -> None:
    job, other = submit(house, "usr-1", 2)
    changed = house.jobs.patch("usr-1", job.id, JobPatch(hyperparameters=Hyperparameters(learning_rate=0.005, max_steps=77), queue_rank=2))
    assert (changed.resolved["learning_rate"].value, changed.resolved["max_steps"].value) == (0.005, 77)
    assert changed.hyperparameters.learning_rate == 0.005
    assert (changed.queue_rank, house.jobs.get("usr-1", other.id).queue_rank) == (2, 1)
    assert house.looked[-1].settings.max_steps == 77


def test_the_settings_of_a_job_that_ran_are_left_alone(house: House) -> None:
    house.trainer_will("crash")
    (job,) = submit(house, "usr-1")
    house.watch_until(lambda: house.jobs.get("usr-1", job.id).num_resumes == 1)
    with pytest.raises(Conflict, match="Clone it"):
        house.jobs.patch("usr-1", job.id, JobPatch(hyperparameters=Hyperparameters(epochs=3)))


def test_the_start_is_estimated_once_the_machine_has_been_measured(house: House) -> None:
    (first,) = submit(house, "usr-1")
    assert first.estimated_start is not None, "nothing is before it"
    (second,) = submit(house, "usr-1")
    assert second.estimated_start is None, "how long the first takes is not known"
    house.watch_until(lambda: house.jobs.get("usr-1", second.id).state == "succeeded")
    house.trainer_will("wait")
    jobs = submit(house, "usr-1", 3)
    house.watch_until(lambda: (progress := house.jobs.get("usr-1", jobs[0].id).progress) is not None and progress.eta_s is not None)
    starts = [house.jobs.get("usr-1", job.id).estimated_start for job in jobs]
    assert starts[0] is None
    assert starts[1] is not None
    assert starts[2] is not None
    assert starts[1] < starts[2]


def test_a_second_run_starts_only_where_memory_allows_it(two_slots: House) -> None:
    two_slots.trainer_will("wait")
    two_slots.free_memory_bytes = 10**6
    jobs = submit(two_slots, "usr-1", 2)
    two_slots.supervisor.round()
    assert [two_slots.jobs.get("usr-1", job.id).state for job in jobs] == ["running", "queued"]
    two_slots.free_memory_bytes = 10**11
    two_slots.supervisor.round()
    assert [two_slots.jobs.get("usr-1", job.id).state for job in jobs] == ["running", "running"]
    assert sorted(run.slot for run in two_slots.lifecycle.runs()) == [0, 1]
