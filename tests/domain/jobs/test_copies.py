"""What runs leave is kept in the blob store as well, and another machine goes on from there. Two houses with one store between them."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.domain import keys
from server.domain.jobs import fetching
from server.domain.jobs.copied import Piece, RunCopy, gap
from server.errors import Unavailable
from server.ports.launcher import end_all_in
from shared.checkpoints import CheckedFile, CheckpointManifest
from shared.wire import Job, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "here").mkdir()
    house = House(tmp_path / "here", copy_runs=True)
    yield house
    house.close()


@pytest.fixture
def there(here: House, tmp_path: Path) -> Iterator[House]:
    """Another machine: the same store and clock, a disk of its own."""
    (tmp_path / "there").mkdir()
    house = House(tmp_path / "there", store=here.folder, clock=here.clock, copy_runs=True)
    yield house
    house.close()


def submit(house: House) -> str:
    return house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(OWNER).id])).id


def job(house: House, job_id: str) -> Job:
    return house.jobs.get(OWNER, job_id)


def copy_of(house: House, job_id: str) -> RunCopy | None:
    found = house.records.get(keys.run_copy(job_id))
    return None if found is None else RunCopy.model_validate(found.data)


def run_blobs(house: House) -> list[str]:
    return [key for key in house.blobs.everything() if key.startswith("runs/")]


def running(house: House) -> str:
    """A job whose trainer has saved a checkpoint at step 1 and works on."""
    house.trainer_will("wait")
    job_id = submit(house)
    house.watch_until(lambda: (progress := job(house, job_id).progress) is not None and progress.step == 1)
    save(house, job_id, 1)
    return job_id


def save(house: House, job_id: str, step: int, data: bytes = b"state") -> None:
    """A checkpoint as the trainer writes it."""
    place = house.folder / "runs" / job_id / "checkpoints" / f"step-{step:08d}"
    place.mkdir(parents=True)
    (place / "state.safetensors").write_bytes(data)
    manifest = CheckpointManifest(
        job_id=job_id,
        run_id="run",
        fence=1,
        step=step,
        created_at="2026-11-22T10:00:00Z",  # type: ignore[arg-type]
        validation_loss=None,
        threads=1,
        fingerprint="f",
        files={"state.safetensors": CheckedFile(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())},
    )
    (place / "manifest.json").write_text(manifest.sealed().model_dump_json())


def lose(house: House) -> None:
    """Machine, disk and trainers, at once and without a word."""
    for folder in (house.folder / "runs").iterdir():
        end_all_in(folder, house.launcher)
    shutil.rmtree(house.folder / "runs")


def take_over(there: House) -> None:
    """As if the run's handle told of another machine than this one, which it does not in one test."""
    (run,) = there.lifecycle.runs()
    assert run.handle is not None
    elsewhere = replace(run, handle=json.dumps({**json.loads(run.handle), "boot": "another"}))
    there.records.write(elsewhere.put(expect=run.version))
    there.supervisor.round()
    there.clock.slept_s += 9
    there.supervisor.round()


def test_the_last_two_checkpoints_are_in_the_store_and_no_others(here: House) -> None:
    job_id = running(here)
    for step in (2, 3, 4):
        here.supervisor.round()
        here.copier.round()
        save(here, job_id, step, b"state %d" % step)
    here.copier.round()
    copy = copy_of(here, job_id)
    assert copy is not None
    assert [checkpoint.step for checkpoint in copy.checkpoints] == [4, 3]
    assert {key.rpartition("/")[2] for key in run_blobs(here)} == copy.names()


def test_nothing_new_costs_no_call(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    running(here)
    here.supervisor.round()
    here.copier.round()

    def called(*_: object, **__: object) -> None:
        raise AssertionError("the store was asked")

    for name in ("get", "page", "write"):
        monkeypatch.setattr(here.records, name, called)
    monkeypatch.setattr(here.blobs, "put", called)
    for _ in range(5):
        here.copier.round()
    assert here.copier._pauses == {}


def test_another_machine_goes_on_from_the_store_alone(here: House, there: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    before = here.live.logs(OWNER, job_id, after=0, limit=100).lines
    lose(here)
    there.trainer_will("succeed")
    take_over(there)
    interrupted = job(there, job_id)
    assert interrupted.resumes_from_step == 1
    assert interrupted.history[-1].reason is not None
    assert "another one has taken it over" in interrupted.history[-1].reason
    there.watch_until(lambda: job(there, job_id).state == "succeeded", each_round_s=1.0)
    after = there.live.logs(OWNER, job_id, after=0, limit=100).lines
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert there.tuned_models.get(OWNER, str(job(there, job_id).tuned_model)).size_bytes == 11


def test_a_job_with_a_model_keeps_its_log_in_the_store_and_no_checkpoint(here: House, there: House) -> None:
    here.trainer_will("crash", times=1)
    job_id = submit(here)
    here.watch_until(lambda: job(here, job_id).state == "succeeded", each_round_s=1.0)
    here.copier.round()
    copy = copy_of(here, job_id)
    assert copy is not None
    assert copy.checkpoints == []
    assert here.records.get(keys.tidying(job_id)) is None
    told = here.live.logs(OWNER, job_id, after=0, limit=100)
    assert there.live.logs(OWNER, job_id, after=0, limit=100) == told
    assert there.live.metrics(OWNER, job_id, after=0) == here.live.metrics(OWNER, job_id, after=0)


def test_a_deleted_job_leaves_nothing_in_the_store(here: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    here.jobs.pause(OWNER, job_id)
    here.watch_until(lambda: job(here, job_id).state == "paused")
    here.jobs.cancel(OWNER, job_id)
    here.copier.round()
    assert run_blobs(here)
    here.jobs.delete(OWNER, job_id)
    here.copier.round()
    assert run_blobs(here) == []
    assert copy_of(here, job_id) is None
    assert here.records.get(keys.tidying(job_id)) is None


def test_a_checkpoint_that_a_pause_saved_is_there_for_another_machine(here: House, there: House) -> None:
    here.trainer_will("wait")
    job_id = submit(here)
    here.watch_until(lambda: (progress := job(here, job_id).progress) is not None and progress.step == 1)
    here.jobs.pause(OWNER, job_id)
    here.watch_until(lambda: job(here, job_id).state == "paused")
    here.copier.round()
    lose(here)
    assert job(there, job_id).resumes_from_step == 1
    assert [one.step for one in there.jobs.checkpoints(OWNER, job_id).data] == [1]
    assert there.jobs.checkpoint(OWNER, job_id, "1").folder.is_dir()
    there.trainer_will("succeed")
    there.jobs.resume(OWNER, job_id)
    there.watch_until(lambda: job(there, job_id).state == "succeeded")


def test_a_damaged_copy_is_passed_over_for_the_one_before(here: House, there: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    save(here, job_id, 2, b"later")
    here.copier.round()
    copy = copy_of(here, job_id)
    assert copy is not None
    damaged = copy.checkpoints[0].files["state.safetensors"].sha256
    (here.folder / "blobs" / keys.run_blob(OWNER, job_id, damaged)).write_bytes(b"other")
    lose(here)
    there.trainer_will("wait")
    take_over(there)
    assert job(there, job_id).resumes_from_step == 1


def test_a_store_that_is_away_does_not_disturb_the_run_and_is_tried_again(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Any:
        raise Unavailable("Away.", code="aws.unavailable", retry_after_s=2)

    job_id = running(here)
    with monkeypatch.context() as outage:
        outage.setattr(here.blobs, "put", away)
        here.supervisor.round()
        here.copier.round()
        assert job(here, job_id).state == "running"
        assert here.supervisor.round()
    here.clock.slept_s += 6
    here.copier.round()
    copy = copy_of(here, job_id)
    assert copy is not None
    assert [checkpoint.step for checkpoint in copy.checkpoints] == [1]


def test_a_model_waits_for_a_store_that_is_away_and_the_job_for_its_model(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Any:
        raise Unavailable("Away.", code="aws.unavailable", retry_after_s=2)

    job_id = submit(here)
    with monkeypatch.context() as outage:
        outage.setattr(here.blobs, "put", away)
        exit_file = here.folder / "runs" / job_id / "exit.json"
        here.watch_until(exit_file.exists)
        for _ in range(5):
            here.supervisor.round()
        assert job(here, job_id).state == "running"
    here.watch_until(lambda: job(here, job_id).state == "succeeded")
    assert (job(here, job_id).num_runs, job(here, job_id).num_resumes) == (1, 0)


def test_a_machine_that_comes_back_does_not_overwrite_what_another_one_did_since(here: House, there: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    there.trainer_will("wait")
    take_over(there)
    there.watch_until(lambda: job(there, job_id).num_runs == 2 and there.attempts(job_id) != [], each_round_s=1.0)
    save(there, job_id, 7)
    there.supervisor.round()
    there.copier.round()
    since = copy_of(there, job_id)
    save(here, job_id, 3, b"of the past")
    here.copier.round()
    here.copier.round()
    assert copy_of(here, job_id) == since
    assert since is not None
    assert since.fence == 2


def test_a_trainer_that_another_machine_has_replaced_is_ended(here: House, there: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    ((_, handle),) = here.launcher.started_in(here.folder / "runs" / job_id).items()
    there.trainer_will("wait")
    take_over(there)
    there.watch_until(lambda: job(there, job_id).num_runs == 2 and there.attempts(job_id) != [], each_round_s=1.0)
    assert here.launcher.poll(handle).alive
    deadline = time.monotonic() + 10
    while here.launcher.poll(handle).alive:
        here.superseded.end()
        assert time.monotonic() < deadline
    (now,) = there.lifecycle.runs()
    assert now.handle is not None
    there.superseded.end()
    assert there.launcher.poll(now.handle).alive


def test_a_log_is_in_few_pieces_however_often_it_is_copied() -> None:
    pieces: list[Piece] = []
    carried = 0
    for size in range(10, 10_001, 10):
        pieces, start = gap(pieces, size)
        pieces = [*pieces, Piece(start=start, end=size, sha256="")]
        carried += size - start
        assert pieces[0].start == 0
        assert all(one.end == other.start for one, other in zip(pieces, pieces[1:], strict=False))
    assert len(pieces) <= 14
    assert carried <= 14 * 10_000


def test_what_is_on_its_way_when_a_server_dies_is_removed_by_the_next(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = running(here)
    put = here.blobs.put

    def dies_after(*words: Any) -> Any:
        put(*words)
        raise KeyboardInterrupt

    here.supervisor.round()
    with monkeypatch.context() as death:
        death.setattr(here.blobs, "put", dies_after)
        with pytest.raises(KeyboardInterrupt):
            here.copier.round()
    assert run_blobs(here)
    here.copies.look_anew(job_id)
    shutil.rmtree(here.folder / "runs" / job_id / "checkpoints")
    save(here, job_id, 2, b"another")
    here.copier.round()
    copy = copy_of(here, job_id)
    assert copy is not None
    assert {key.rpartition("/")[2] for key in run_blobs(here)} == copy.names()
    assert [checkpoint.step for checkpoint in copy.checkpoints] == [2]


def taken_over(here: House, there: House) -> str:
    """A job whose run began `here`, and goes on `there` from the copy of it."""
    job_id = running(here)
    here.supervisor.round()
    here.copier.round()
    there.trainer_will("wait")
    take_over(there)
    there.watch_until(lambda: job(there, job_id).num_runs == 2 and there.attempts(job_id) != [], each_round_s=1.0)
    return job_id


def log(house: House, job_id: str) -> list[str]:
    return [line.text for line in house.live.logs(OWNER, job_id, after=0, limit=1000).lines]


def test_a_run_of_another_machine_is_followed_as_far_as_it_was_copied(here: House, there: House) -> None:
    job_id = running(here)
    here.supervisor.round()
    assert log(there, job_id) == []
    here.copier.round()
    there.clock.slept_s += 11
    assert log(there, job_id) == log(here, job_id) != []
    assert (job(there, job_id).progress, job(here, job_id).progress) == (job(here, job_id).progress,) * 2
    before = log(there, job_id)
    here.jobs.pause(OWNER, job_id)
    here.watch_until(lambda: job(here, job_id).state == "paused")
    here.copier.round()
    there.live.look_again()  # As every second, for those who look on.
    assert log(there, job_id) == before
    there.clock.slept_s += 11
    there.live.look_again()
    assert log(there, job_id) == log(here, job_id) != before


def test_the_log_of_a_run_that_ended_elsewhere_is_not_over_before_its_last_lines_are_here(here: House, there: House) -> None:
    here.trainer_will("fail")
    job_id = submit(here)
    here.watch_until(lambda: job(here, job_id).state == "failed", each_round_s=1.0)
    assert not here.live.logs(OWNER, job_id, after=0, limit=100).live
    waits = there.live.logs(OWNER, job_id, after=0, limit=100)
    assert (waits.lines, waits.live) == ([], True)
    here.copier.round()
    there.clock.slept_s += 11
    there.live.look_again()
    whole = there.live.logs(OWNER, job_id, after=0, limit=100)
    assert whole == here.live.logs(OWNER, job_id, after=0, limit=100)
    assert (whole.lines != [], whole.live) == (True, False)


def test_a_log_that_went_another_way_on_another_machine_is_replaced(here: House, there: House) -> None:
    job_id = taken_over(here, there)
    events = here.folder / "runs" / job_id / "events.jsonl"
    events.write_bytes(events.read_bytes() * 3)  # What was not copied any more.
    assert log(here, job_id) != log(there, job_id)
    save(there, job_id, 2)
    there.supervisor.round()
    there.copier.round()
    here.clock.slept_s += 11
    assert log(here, job_id) == log(there, job_id)


def test_a_run_of_this_machine_is_looked_at_without_asking_for_copies(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = running(here)
    asked: list[str] = []
    monkeypatch.setattr(fetching, "found_copy", lambda _, job_id: asked.append(job_id))
    assert log(here, job_id)
    here.live.look_again()
    assert job(here, job_id).progress is not None
    assert asked == []


def test_a_store_that_is_away_leaves_the_log_as_it_is_here(here: House, there: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Any:
        raise Unavailable("Away.", code="aws.unavailable", retry_after_s=2)

    job_id = taken_over(here, there)
    before = log(here, job_id)
    save(there, job_id, 2)
    there.supervisor.round()
    there.copier.round()
    here.clock.slept_s += 11
    with monkeypatch.context() as outage:
        outage.setattr(here.blobs, "open", away)
        assert log(here, job_id) == before
    here.clock.slept_s += 11
    assert log(here, job_id) == log(there, job_id) != before


def test_the_folder_of_a_run_that_another_machine_finished_goes(here: House, there: House) -> None:
    job_id = taken_over(here, there)
    folder = here.folder / "runs" / job_id
    save(there, job_id, 2)
    there.supervisor.round()
    there.copier.round()
    here.leftovers.remove()
    assert folder.is_dir()  # The run goes on: it may come back.
    there.jobs.cancel(OWNER, job_id, wait=False)
    there.watch_until(lambda: job(there, job_id).state == "cancelled")
    there.copier.round()
    here.leftovers.remove()
    there.leftovers.remove()
    assert not folder.exists()
    assert (there.folder / "runs" / job_id).is_dir()
    assert log(here, job_id) == log(there, job_id) != []  # For those who look, it is fetched.
    here.leftovers.remove()
    assert folder.is_dir()


def test_the_folder_of_a_job_that_was_deleted_on_another_machine_goes(here: House, there: House) -> None:
    here.trainer_will("fail")
    gone, stays = submit(here), submit(here)
    for job_id in (gone, stays):
        here.watch_until(lambda job_id=job_id: job(here, job_id).state == "failed", each_round_s=1.0)  # type: ignore[misc]
    here.copier.round()
    assert log(there, gone) == log(here, gone)
    there.jobs.delete(OWNER, gone)
    assert not (there.folder / "runs" / gone).exists()
    here.copier.start()
    try:
        deadline = time.monotonic() + 30
        while (here.folder / "runs" / gone).exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        here.copier.stop()
    assert (here.folder / "runs" / stays).is_dir()
