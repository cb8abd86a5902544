"""A run that is cut off goes on by itself, a few times; then the job fails with the reason, and a person may send it on."""

import os
import signal

import pytest

from server.domain import keys
from server.ports.launcher import RunStatus
from shared.wire import Job, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"


def submit(house: House, owner: str = OWNER) -> str:
    return house.jobs.create(owner, JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(owner).id])).id


def job(house: House, job_id: str, owner: str = OWNER) -> Job:
    return house.jobs.get(owner, job_id)


def ended(house: House, job_id: str) -> Job:
    house.watch_until(lambda: job(house, job_id).state not in {"queued", "running"}, each_round_s=1.0)
    return job(house, job_id)


def test_a_run_that_crashed_goes_on_and_says_so(house: House) -> None:
    house.trainer_will("crash", times=2)
    done = ended(house, submit(house))
    assert done.state == "succeeded"
    assert (done.num_runs, done.num_resumes) == (3, 2)
    assert [move.state for move in done.history] == ["queued", "running", "queued", "running", "queued", "running", "succeeded"]
    assert done.history[2].reason == "Interrupted: its process was gone without a word. It goes on by itself from step 1 (1 of 3)."


def test_after_three_resumes_the_job_fails_with_the_reason_and_a_button(house: House) -> None:
    house.trainer_will("crash")
    failed = ended(house, submit(house))
    assert (failed.state, failed.num_runs, failed.num_resumes, failed.resumes_from_step) == ("failed", 4, 3, 1)
    assert failed.error is not None
    assert failed.error.code == "trainer_crashed"
    assert failed.error.action is not None
    assert failed.error.action.kind == "retry"
    house.trainer_will("crash", times=5)
    again = house.jobs.retry(OWNER, failed.id)
    assert (again.state, again.error, again.num_resumes, again.finished_at) == ("queued", None, 0, None)
    done = ended(house, failed.id)
    assert (done.state, done.num_runs, done.num_resumes) == ("succeeded", 6, 1)


def test_resumes_wait_one_five_and_twenty_seconds(house: House) -> None:
    house.trainer_will("crash")
    job_id = submit(house)
    for resumes, pause in ((1, 1.0), (2, 5.0), (3, 20.0)):
        house.watch_until(lambda resumes=resumes: job(house, job_id).num_resumes == resumes)
        house.clock.slept_s += pause - 0.5
        house.supervisor.round()
        assert job(house, job_id).state == "queued"
        house.clock.slept_s += 0.6
        house.supervisor.round()
        assert job(house, job_id).num_runs == resumes + 1


def test_an_interrupted_job_goes_before_its_owners_others_but_does_not_hold_up_anybody_else(house: House) -> None:
    house.trainer_will("crash", times=1)
    first, second = submit(house), submit(house)
    house.watch_until(lambda: job(house, first).num_resumes == 1)
    assert (job(house, first).queue_rank, job(house, second).queue_rank) == (1, 2)
    house.trainer_will("wait")
    other = submit(house, "usr-2")
    house.supervisor.round()
    assert [job(house, first).state, job(house, second).state, job(house, other, "usr-2").state] == ["queued", "queued", "running"]


@pytest.mark.parametrize("status", [143, 75, 9, 0, 1])
def test_an_end_that_nobody_asked_for_and_nobody_explained_is_an_interruption(house: House, status: int) -> None:
    house.trainer_will("leave", status=status)
    job_id = submit(house)
    house.watch_until(lambda: job(house, job_id).num_resumes == 1)
    assert job(house, job_id).state == "queued"
    assert house.tuned_models.page(OWNER, limit=1, after=None).data == []


def test_a_run_that_made_fewer_steps_than_planned_did_not_succeed(house: House) -> None:
    house.trainer_will("succeed", num_steps=3)
    failed = ended(house, submit(house))
    assert failed.error is not None
    assert (failed.state, failed.error.code) == ("failed", "empty_result")
    assert failed.error.action is not None
    assert set(failed.error.action.hyperparameters) == {"learning_rate"}


def test_a_run_that_the_system_ended_for_want_of_memory_fails_at_once_with_a_smaller_batch(house: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    house.watch_until(lambda: (progress := job(house, job_id).progress) is not None and progress.step == 1)
    (run,) = house.lifecycle.runs()
    assert run.handle is not None
    house.launcher.stop(run.handle, force=True)
    house.lifecycle.finish(run, RunStatus(alive=False, exit_status=None, ended_by_signal=9, out_of_memory=True))
    failed = job(house, job_id)
    assert failed.error is not None
    assert (failed.state, failed.error.code) == ("failed", "out_of_memory")
    assert failed.error.action is not None
    assert failed.error.action.kind == "clone"
    assert failed.error.action.hyperparameters.keys() <= {"batch_size", "gradient_accumulation", "block_size"}


def test_every_end_leaves_one_note_for_whoever_tells_people(house: House) -> None:
    done = ended(house, submit(house))
    house.trainer_will("fail")
    failed = ended(house, submit(house))
    cancelled = house.jobs.cancel(OWNER, submit(house))
    house.jobs.pause(OWNER, submit(house))
    notes = [record.data for record in house.records.page(keys.OUTBOX_PARTITION).records]
    assert notes == [{"owner": OWNER, "job_id": one.id, "state": one.state} for one in (done, failed, cancelled)]


def test_a_failed_job_keeps_its_checkpoints_until_it_is_deleted(house: House) -> None:
    house.trainer_will("crash")
    failed = ended(house, submit(house))
    (kept,) = house.jobs.checkpoints(OWNER, failed.id).data
    assert (kept.id, kept.step, kept.validation_loss, kept.size_bytes) == ("1", 1, 2.5, 5)
    assert house.jobs.checkpoint(OWNER, failed.id, "1").folder.is_dir()
    house.jobs.delete(OWNER, failed.id)
    assert not (house.folder / "runs" / failed.id).exists()


def test_a_model_that_is_there_needs_no_checkpoints(house: House) -> None:
    house.trainer_will("crash", times=1)
    done = ended(house, submit(house))
    assert (done.state, done.resumes_from_step) == ("succeeded", None)
    assert house.jobs.checkpoints(OWNER, done.id).data == []
    assert not (house.folder / "runs" / done.id / "checkpoints").exists()


def test_a_checkpoint_that_is_not_whole_is_not_shown(house: House) -> None:
    house.trainer_will("crash")
    failed = ended(house, submit(house))
    folder = house.folder / "runs" / failed.id / "checkpoints"
    (folder / "step-00000009").mkdir()
    (folder / "step-00000008").mkdir()
    (folder / "step-00000008" / "manifest.json").write_text("{")
    (folder / "step-00000001" / "state.safetensors").write_bytes(b"stat")
    assert house.jobs.checkpoints(OWNER, failed.id).data == []
    assert job(house, failed.id).resumes_from_step is None


def test_a_stalled_run_is_shown_as_such_and_left_alone(house: House) -> None:
    house.trainer_will("wait")
    job_id = submit(house)
    house.watch_until(lambda: (progress := job(house, job_id).progress) is not None and progress.step == 1)
    house.supervisor.round()
    house.clock.slept_s += 29.0
    house.supervisor.round()
    assert job(house, job_id).stalled_since is None
    house.clock.slept_s += 2.0
    house.supervisor.round()
    stalled = job(house, job_id)
    assert stalled.stalled_since is not None
    assert stalled.state == "running"
    with (house.folder / "runs" / job_id / "events.jsonl").open("a") as events:
        events.write("\n")
    house.supervisor.round()
    assert job(house, job_id).stalled_since is None


def test_a_run_that_is_frozen_and_cancelled_is_ended_by_force(house: House) -> None:
    house.trainer_will("deaf")
    job_id = submit(house)
    house.watch_until(lambda: (progress := job(house, job_id).progress) is not None and progress.step == 1)
    import json

    (run,) = house.lifecycle.runs()
    pid = json.loads(str(run.handle))["pid"]
    os.kill(pid, signal.SIGSTOP)
    stored = house.lifecycle._jobs.get(OWNER, job_id)
    asked = stored.value.model_copy(update={"stop_requested": "cancel"})
    house.records.write(house.lifecycle._jobs.replacing(OWNER, job_id, asked, version=stored.version))
    house.supervisor.round()
    house.clock.slept_s += 9.0
    house.supervisor.round()
    assert job(house, job_id).state == "running"
    assert job(house, job_id).stopping == "cancel"
    house.clock.slept_s += 1.5
    house.watch_until(lambda: job(house, job_id).state == "cancelled")


def test_pausing_keeps_the_checkpoint_and_frees_the_machine(house: House) -> None:
    house.trainer_will("wait")
    first, second = submit(house), submit(house)
    house.watch_until(lambda: (progress := job(house, first).progress) is not None and progress.step == 1)
    assert house.jobs.pause(OWNER, first).stopping == "pause"
    house.watch_until(lambda: job(house, first).state == "paused")
    paused = job(house, first)
    assert (paused.resumes_from_step, paused.stopping, paused.finished_at) == (1, None, None)
    assert paused.history[-1].reason == "Its checkpoint at step 1 is kept."
    house.watch_until(lambda: job(house, second).state == "running")
    third = submit(house)
    resumed = house.jobs.resume(OWNER, first)
    assert (resumed.state, resumed.queue_rank) == ("queued", 1)
    assert job(house, third).queue_rank == 2


def test_the_clock_of_the_wall_may_jump_a_day_either_way(house: House) -> None:
    from datetime import timedelta

    house.trainer_will("wait")
    job_id = submit(house)
    house.supervisor.round()
    for jump in (timedelta(days=1), timedelta(days=-1)):
        house.clock.jumped = jump
        for _ in range(3):
            house.supervisor.round()
            house.leases.beat()
        assert (job(house, job_id).state, job(house, job_id).stalled_since, job(house, job_id).num_runs) == ("running", None, 1)
    house.trainer_will("succeed")
    waiting = submit(house)
    assert job(house, waiting).queue_position == 1
