"""Two servers on one store, and one that dies between any two of its writes: no job is lost, none runs twice."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.adapters.server_lock import ServerLocks
from server.domain import keys
from server.domain.jobs.leases import Leases
from server.errors import StaleWrite
from server.ports.launcher import stop_and_wait
from server.ports.records import Change, Put
from shared.wire import Job, JobRequest
from tests.domain.conftest import House, SettableClock

OWNER = "usr-1"


@pytest.fixture
def other(house: House) -> Iterator[House]:
    """A second server over the first one's store and folder, on the same clock."""
    other = House(house.folder, clock=house.clock)
    yield other
    other.records.close()


def submit(house: House) -> str:
    return house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(OWNER).id])).id


def job(house: House, job_id: str) -> Job:
    return house.jobs.get(OWNER, job_id)


def holder(house: House) -> str:
    (run,) = house.lifecycle.runs()
    return run.holder


def let_pass(house: House, seconds: float) -> None:
    house.clock.slept_s += seconds


def test_a_living_servers_run_is_left_to_it(house: House, other: House) -> None:
    house.trainer_will("wait")
    submit(house)
    house.supervisor.round()
    for _ in range(10):
        other.supervisor.round()
        let_pass(house, 2)
        house.leases.beat()
    assert holder(house) == house.leases.me


def test_a_server_that_says_nothing_for_eight_seconds_loses_its_runs(house: House, other: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    house.supervisor.round()
    other.supervisor.round()
    let_pass(house, 7.9)
    other.supervisor.round()
    assert holder(house) == house.leases.me
    let_pass(house, 0.2)
    other.supervisor.round()
    assert holder(house) == other.leases.me
    assert (job(house, job_id).state, job(house, job_id).num_runs) == ("running", 1)


def test_a_server_that_ends_in_order_leaves_its_runs_at_once(house: House, other: House) -> None:
    house.trainer_will("wait")
    submit(house)
    house.supervisor.round()
    house.leases.rest()
    other.supervisor.round()
    assert holder(house) == other.leases.me


def test_what_a_lost_server_left_is_removed(house: House, other: House) -> None:
    house.records.write(house.leases.claiming())
    other.supervisor.round()
    let_pass(house, 9)
    other.supervisor.round()
    assert house.records.page(keys.SERVER_PARTITION).records == []


def test_a_server_whose_process_is_gone_loses_its_runs_at_once(house: House, tmp_path: Path) -> None:
    locks, theirs = ServerLocks(tmp_path), ServerLocks(tmp_path)
    theirs.hold("srv-theirs")
    locks.hold("srv-mine")
    assert not locks.is_gone("srv-theirs")
    assert not locks.is_gone("srv-mine")
    assert not locks.is_gone("srv-of-another-machine")
    assert not ServerLocks(tmp_path).nobody_lives()
    held = theirs._held
    assert held is not None
    held[1].close()  # As the system does for a process that was killed.
    assert locks.is_gone("srv-theirs")
    leases = Leases(house.records, house.clock, me="srv-mine", is_gone=locks.is_gone)
    house.records.write(Put(keys.server("srv-theirs"), {"beat": 1}, None))
    assert leases.is_lost("srv-theirs")
    locks.sweep()
    assert [file.stem for file in tmp_path.glob("srv-*.lock")] == ["srv-mine"]
    locks.release()
    assert ServerLocks(tmp_path).nobody_lives()


def test_a_frozen_server_that_comes_back_is_refused(house: House, other: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    house.watch_until(lambda: (progress := job(house, job_id).progress) is not None and progress.step == 1)
    (before,) = house.lifecycle.runs()
    assert before.handle is not None
    other.supervisor.round()
    let_pass(house, 9)
    other.supervisor.round()
    stop_and_wait(house.launcher, before.handle, grace_s=0)
    with pytest.raises(StaleWrite):  # It thaws in the middle of its look and goes on with what it knew.
        house.lifecycle.look_at(before)
    house.supervisor.round()
    assert holder(house) == other.leases.me
    assert job(house, job_id).state == "running"
    other.watch_until(lambda: job(house, job_id).num_resumes == 1)


def test_a_frozen_server_does_not_start_what_another_has_started(house: House, other: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    real = house.lifecycle.launch
    frozen: list[Any] = []
    house.lifecycle.launch = lambda run: frozen.append(run) or run  # type: ignore[method-assign,func-returns-value]
    house.supervisor.round()
    other.supervisor.round()
    let_pass(house, 9)
    other.watch_until(lambda: len(house.attempts(job_id)) == 1)
    with pytest.raises(StaleWrite):
        real(frozen[0])
    assert len(house.attempts(job_id)) == 1


def test_a_job_taken_between_two_reads_of_another_server_is_left_to_it(house: House, other: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    waiting = other.lifecycle._queue.waiting

    def read_then_frozen() -> list[Any]:
        read = waiting()
        house.supervisor.round()
        return read

    other.lifecycle._queue.waiting = read_then_frozen  # type: ignore[method-assign]
    with pytest.raises(StaleWrite):
        other.lifecycle.start_next()
    assert holder(house) == house.leases.me
    assert (job(house, job_id).state, job(house, job_id).num_runs) == ("running", 1)


def test_two_supervisors_at_full_speed_never_run_a_job_twice(house: House, other: House) -> None:
    jobs = [submit(house) for _ in range(6)]
    stop = threading.Event()

    def watch(one: House) -> None:
        while not stop.is_set():
            try:
                one.supervisor.round()
                one.leases.beat()
            except StaleWrite:
                continue
            stop.wait(0.01)

    threads = [threading.Thread(target=watch, args=(one,)) for one in (house, other)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3000):
            if all(job(house, job_id).state == "succeeded" for job_id in jobs):
                break
            stop.wait(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert Counter(job(house, job_id).state for job_id in jobs) == {"succeeded": 6}
    assert [len(house.attempts(job_id)) for job_id in jobs] == [1] * 6
    assert len(house.tuned_models.page(OWNER, limit=100, after=None).data) == 6


class _Dead(BaseException):
    """What a killed server is to the code that was running."""


def dies_at(house: House, number: int, *, after: bool) -> None:
    """The server's `number`th write from now on is its last: it dies just before or just after it."""
    write, count = house.records.write, 0

    def counted(*changes: Change) -> None:
        nonlocal count
        count += 1
        if count > number or (count == number and not after):
            raise _Dead
        write(*changes)
        if count == number:
            raise _Dead

    house.records.write = counted  # type: ignore[method-assign]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("what", ["succeed", "fail", "crash"])
def test_a_server_may_die_at_any_of_its_writes(tmp_path: Path, what: str, after: bool) -> None:
    number, survived = 0, False
    while not survived:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        first = House(folder, clock=SettableClock())
        first.trainer_will(what, times=1)
        job_id = submit(first)
        dies_at(first, number, after=after)
        try:
            first.watch_until(lambda first=first, job_id=job_id: job(first, job_id).finished_at is not None, each_round_s=1.0)
            survived = True
        except _Dead:
            pass
        second = House(folder, clock=first.clock)
        second.clock.slept_s += 30
        second.tidying.sweep()
        second.watch_until(lambda second=second, job_id=job_id: job(second, job_id).finished_at is not None, each_round_s=1.0)
        done = job(second, job_id)
        assert done.state == ("failed" if what == "fail" else "succeeded"), number
        assert done.num_runs == (2 if what == "crash" else 1), number
        starts = [line.split()[0] for line in second.attempts(job_id)]
        assert len(starts) == len(set(starts)) == done.num_runs, number
        models = second.tuned_models.page(OWNER, limit=10, after=None).data
        assert len(models) == (done.state == "succeeded"), number
        assert second.lifecycle.runs() == []
        second.tidying.sweep()
        left = {path.name for path in (folder / "runs" / job_id).iterdir()}
        assert left.isdisjoint({"model", "adapter"}), number
        assert len(second.records.page(keys.OUTBOX_PARTITION).records) == 1, number
        second.records.close()
        del first.records.write
        first.records.close()
    assert number > 3, json.dumps({"writes": number})
