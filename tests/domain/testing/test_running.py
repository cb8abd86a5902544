"""Evaluations from the queue to their end, over restarts and crashes, with a program that does as it is told."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.background.examiner import Examiner
from server.domain import keys
from server.errors import Conflict, NotFound
from server.ports.records import Change
from tests.domain.conftest import House
from tests.domain.testing_material import OWNER, ended, evaluation, job_request, now, question_set, train, tuned_model


@pytest.fixture
def other(house: House) -> Iterator[House]:
    """A second server over the first one's store and folder, on the same clock."""
    other = House(house.folder, clock=house.clock)
    yield other
    other.records.close()


def folder(house: House, evaluation_id: str) -> Path:
    return house.folder / "runs" / evaluation_id


def test_a_test_runs_and_leaves_its_results(house: House) -> None:
    model, tests = tuned_model(house), question_set(house)
    made = evaluation(house, model, tests)
    assert (made.state, made.queue_position, made.base_model) == ("queued", 1, "gpt2-scratch-1m")
    done = ended(house, made)
    assert (done.state, done.error) == ("succeeded", None)
    assert done.results is not None
    assert [result.model for result in done.results.models] == ["gpt2-scratch-1m", model]
    assert done.results.comparisons[0].verdict.verdict == "improved"
    assert done.results.leakage_checked
    assert not folder(house, made.id).exists()
    assert not house.records.page(keys.EVALUATING_PARTITION).records


def test_the_program_is_told_everything_that_it_needs(house: House) -> None:
    job = train(house)
    made = evaluation(house, str(job.tuned_model), question_set(house))
    house.examiner_will("wait")
    house.test_until(lambda: now(house, made.id).state == "running")
    spec = json.loads((folder(house, made.id) / "spec.json").read_text())
    base, tuned = spec["models"]
    assert (base["source"]["kind"], base["source"]["path"]) == ("untrained", tuned["source"]["path"])
    assert (tuned["id"], tuned["source"]["kind"]) == (job.tuned_model, "folder")
    assert len(Path(spec["items"]).read_text().splitlines()) == 5
    assert [Path(file["path"]).name for file in spec["training_data"]] == job.document_ids


def test_items_come_by_what_changed_most(house: House) -> None:
    done = ended(house, evaluation(house, tuned_model(house), question_set(house)))

    def ids(order: str, after: str | None = None) -> list[str]:
        page = house.evaluations.items(OWNER, done.id, limit=2, after=after, order=order, tuned_model_id=None)  # type: ignore[arg-type]
        return [item.id for item in page.data]

    assert ids("given") == ["row-1", "row-2"]
    assert ids("given", after="row-2") == ["row-3", "row-4"]
    assert ids("best") == ["row-1", "row-2"]
    assert ids("worst") == ["row-5", "row-1"]
    first = house.evaluations.items(OWNER, done.id, limit=5, after=None, order="worst", tuned_model_id=done.tuned_model_ids[0]).data
    assert [(item.change, [result.answer for result in item.results]) for item in first[:2]] == [
        (0.0, ["base", "tuned"]),
        (1.0, ["base", "tuned"]),
    ]
    assert first[0].prompt == "What is 4 and 1?"


@pytest.mark.parametrize(("does", "code"), [("fail", "base_unavailable"), ("half", "no_results"), ("nothing", "no_results")])
def test_what_did_not_give_whole_results_failed(house: House, does: str, code: str) -> None:
    house.examiner_will(does)
    done = ended(house, evaluation(house, tuned_model(house), question_set(house)))
    assert (done.state, done.results) == ("failed", None)
    assert done.error is not None
    assert done.error.code == code
    with pytest.raises(NotFound, match="no results"):
        house.evaluations.items(OWNER, done.id, limit=5, after=None, order="given", tuned_model_id=None)


def test_a_crash_is_gone_on_with_and_too_many_are_told(house: House) -> None:
    tests, model = question_set(house), tuned_model(house)
    house.examiner_will("crash", times=1)
    made = evaluation(house, model, tests)
    assert ended(house, made).state == "succeeded"
    assert [line.split()[1] for line in house.tests_of(made.id)] == ["1", "2"]
    house.examiner_will("crash")
    again = ended(house, evaluation(house, model, tests))
    assert again.error is not None
    assert (again.state, again.error.code) == ("failed", "test_crashed")
    assert "Killed by something" in again.error.message


def test_a_running_test_is_cancelled_and_a_waiting_one_at_once(house: House) -> None:
    model, tests = tuned_model(house), question_set(house)
    house.examiner_will("wait")
    first, second = evaluation(house, model, tests), evaluation(house, model, tests)
    house.test_until(lambda: (now(house, first.id).progress or first).model_dump().get("total") == 10)
    assert now(house, second.id).queue_position == 2
    assert house.evaluations.cancel(OWNER, second.id).state == "cancelled"
    assert house.evaluations.cancel(OWNER, first.id).stopping
    assert ended(house, first).state == "cancelled"
    with pytest.raises(Conflict):
        house.evaluations.cancel(OWNER, first.id)
    assert not house.tests_of(second.id)


def test_one_test_runs_at_a_time_and_owners_take_turns(house: House) -> None:
    model, tests = tuned_model(house), question_set(house)
    house.examiner_will("wait")
    mine = [evaluation(house, model, tests) for _ in range(2)]
    house.test_until(lambda: now(house, mine[0].id).state == "running")
    for _ in range(3):
        house.examiner.round()
    assert [now(house, one.id).state for one in mine] == ["running", "queued"]
    assert len(house.test_runs.runs()) == 1


def test_no_test_begins_beside_training_without_memory(house: House) -> None:
    model, tests = tuned_model(house), question_set(house)
    house.trainer_will("wait")
    job = house.jobs.create(OWNER, job_request(house))
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "running")
    house.free_memory_bytes = 0
    made = evaluation(house, model, tests)
    for _ in range(3):
        house.examiner.round()
    assert now(house, made.id).state == "queued"
    house.free_memory_bytes = 10**12
    assert ended(house, made).state == "succeeded"


def test_a_restart_adopts_the_test(house: House) -> None:
    made = evaluation(house, tuned_model(house), question_set(house))
    house.examiner_will("wait")
    house.test_until(lambda: bool(house.tests_of(made.id)))
    house.examiner = Examiner(house.test_runs, house.leases)
    for _ in range(3):
        house.examiner.round()
    assert now(house, made.id).state == "running"
    assert len(house.tests_of(made.id)) == 1


def test_a_lost_servers_test_is_taken_over_and_not_run_twice(house: House, other: House) -> None:
    made = evaluation(house, tuned_model(house), question_set(house))
    house.examiner_will("wait")
    house.test_until(lambda: bool(house.tests_of(made.id)))
    (run,) = other.test_runs.runs()
    assert run.holder == house.leases.me
    for _ in range(4):
        other.examiner.round()
        house.clock.slept_s += 5
    (run,) = other.test_runs.runs()
    assert run.holder == other.leases.me
    other.evaluations.cancel(OWNER, made.id)
    assert ended(other, made).state == "cancelled"
    assert len(house.tests_of(made.id)) == 1


def test_a_test_that_another_machine_took_over_begins_anew_and_its_old_program_is_ended(tmp_path: Path) -> None:
    """Each server with folders of its own, as over DynamoDB and S3."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = House(tmp_path / "here", copy_runs=True)
    there = House(tmp_path / "there", store=here.folder, clock=here.clock, copy_runs=True)
    try:
        made = evaluation(here, tuned_model(here), question_set(here))
        here.examiner_will("wait")
        here.test_until(lambda: bool(here.tests_of(made.id)))
        ((_, handle),) = here.launcher.started_in(folder(here, made.id)).items()
        here.superseded.end()
        assert here.launcher.poll(handle).alive, "a test that goes on is nobody's leftover"
        there.clock.slept_s += 60
        assert ended(there, made).state == "succeeded"
        assert len(there.tests_of(made.id)) == 1
        assert not here.launcher.poll(handle).alive
        here.test_runs.sweep()
        assert not folder(here, made.id).exists()
    finally:
        there.close()
        here.close()


def test_a_machine_that_cannot_be_reached_ends_what_was_taken_from_it_when_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = House(tmp_path / "here", copy_runs=True)
    there = House(tmp_path / "there", store=here.folder, clock=here.clock, copy_runs=True)
    try:
        made = evaluation(here, tuned_model(here), question_set(here))
        here.examiner_will("wait")
        here.test_until(lambda: bool(here.tests_of(made.id)))
        ((_, handle),) = here.launcher.started_in(folder(here, made.id)).items()
        (run,) = here.test_runs.runs()
        elsewhere = json.dumps(json.loads(handle) | {"boot": "of another machine"})
        here.records.write(replace(run, handle=elsewhere).put(expect=run.version))
        there.examiner_will("wait")
        there.clock.slept_s += 60
        there.test_until(lambda: bool(there.tests_of(made.id)))
        assert here.launcher.poll(handle).alive
        deadline = time.monotonic() + 10
        while here.launcher.poll(handle).alive:  # A killed program takes a moment to be gone.
            here.superseded.end()
            assert time.monotonic() < deadline
        there.superseded.end()
        (run,) = there.test_runs.runs()
        assert run.handle is not None
        assert there.launcher.poll(run.handle).alive
    finally:
        there.close()
        here.close()


class Dies(Exception):
    pass


def test_a_server_may_die_at_any_write(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test ends well all the same, and no program begins twice for one run."""
    model, tests = tuned_model(house), question_set(house)
    write = house.records.write
    for survived in range(4):  # A start writes twice, an end once.
        made = evaluation(house, model, tests)
        left = [True] * survived

        def dying(*changes: Change, left: list[bool] = left) -> None:
            if not left:
                raise Dies
            left.pop()
            write(*changes)

        monkeypatch.setattr(house.records, "write", dying)
        with contextlib.suppress(Dies):
            house.test_until(lambda left=left, made=made: not left or now(house, made.id).state == "succeeded")  # type: ignore[misc]
            house.examiner.round()
        monkeypatch.setattr(house.records, "write", write)
        house.examiner = Examiner(house.test_runs, house.leases)
        assert ended(house, made).state == "succeeded"
        runs = [line.split()[0] for line in house.tests_of(made.id)]
        assert len(runs) == len(set(runs)) == 1
