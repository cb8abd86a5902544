"""What becomes of a job: started in turn, watched, judged by what it left, adopted after a restart."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from server.domain import keys
from server.errors import Conflict, NotFound, StaleWrite
from server.ports.launcher import stop_and_wait
from shared.wire import Job, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"


def request(house: House, **changes: object) -> JobRequest:
    return JobRequest.model_validate({"base_model": "gpt2-scratch-1m", "document_ids": [house.document(OWNER).id], **changes})


def job(house: House, job_id: str) -> Job:
    return house.jobs.get(OWNER, job_id)


def ended(house: House, job_id: str) -> Job:
    house.watch_until(lambda: job(house, job_id).state not in {"queued", "running"}, each_round_s=1.0)
    return job(house, job_id)


def files_of_run(house: House, job_id: str) -> set[str]:
    folder = house.folder / "runs" / job_id
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_job_that_trains_well_leaves_a_model(house: House) -> None:
    created = house.jobs.create(OWNER, request(house, name="Kettle answers"))
    assert created.state == "queued"
    assert created.queue_position == 1
    done = ended(house, created.id)
    assert done.state == "succeeded"
    assert done.tuned_model is not None
    assert done.tuned_model.startswith("ft:gpt2-scratch-1m:")
    assert done.tuned_model.split(":")[3] == "kettle-answers"
    model = house.tuned_models.get(OWNER, done.tuned_model)
    assert (model.validation_loss_before, model.validation_loss, model.size_bytes) == (4.0, 2.0, 11)
    folder = house.tuned_models.local_folder(house.tuned_models.stored(OWNER, done.tuned_model).value)
    assert folder is not None
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert "model" not in files_of_run(house, created.id), "the store has it; the run's copy goes"


def test_a_failure_is_told_in_the_trainers_words(house: House) -> None:
    house.trainer_will("fail")
    done = ended(house, house.jobs.create(OWNER, request(house)).id)
    assert done.state == "failed"
    assert done.error is not None
    assert (done.error.code, done.error.fix) == ("nan_loss", "Use 1e-4.")


def test_a_crash_is_a_failure_with_its_last_words(house: House) -> None:
    house.trainer_will("crash")
    done = ended(house, house.jobs.create(OWNER, request(house)).id)
    assert done.state == "failed"
    assert done.error is not None
    assert done.error.code == "trainer_crashed"
    assert "Killed by something" in done.error.message


@pytest.mark.parametrize(("lie", "code"), [("lie", "incomplete_result"), ("nothing", "empty_result")])
def test_success_is_believed_only_with_files_that_are_what_they_should_be(house: House, lie: str, code: str) -> None:
    house.trainer_will(lie)
    done = ended(house, house.jobs.create(OWNER, request(house)).id)
    assert done.state == "failed"
    assert done.error is not None
    assert done.error.code == code
    assert done.tuned_model is None
    assert house.tuned_models.page(OWNER, limit=10, after=None).data == []


def test_jobs_run_one_at_a_time_and_in_turn(house: House) -> None:
    house.trainer_will("wait")
    first, second, third = (house.jobs.create(OWNER, request(house)).id for _ in range(3))
    house.supervisor.round()
    assert [job(house, one).state for one in (first, second, third)] == ["running", "queued", "queued"]
    assert [job(house, one).queue_position for one in (first, second, third)] == [None, 1, 2]
    house.trainer_will("succeed")
    house.jobs.cancel(OWNER, second)
    running = house.lifecycle.runs()[0]
    assert running.handle is not None
    stop_and_wait(house.launcher, running.handle, grace_s=0)
    assert ended(house, third).state == "succeeded"
    assert job(house, second).state == "cancelled"


def test_cancelling_a_running_job_leaves_no_process_and_no_model(house: House) -> None:
    house.trainer_will("wait")
    created = house.jobs.create(OWNER, request(house))
    house.supervisor.start()
    try:
        wait_until(lambda: (progress := job(house, created.id).progress) is not None and progress.step == 1)
        pid = pid_of(house)
        cancelled = house.jobs.cancel(OWNER, created.id)
        assert cancelled.state == "cancelled"
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert files_of_run(house, created.id).isdisjoint({"model", "adapter"})
    finally:
        house.supervisor.stop()


def test_a_running_job_that_somebody_else_cancels_says_so_in_its_history(house: House) -> None:
    house.trainer_will("wait")
    created = house.jobs.create(OWNER, request(house))
    house.supervisor.start()
    try:
        wait_until(lambda: (progress := job(house, created.id).progress) is not None and progress.step == 1)
        house.jobs.cancel_for(OWNER, created.id, reason="Cancelled by an administrator.", also=list)
        ended = job(house, created.id)
        assert (ended.state, ended.stopping) == ("cancelled", None)
        assert str(ended.history[-1].reason).startswith("Cancelled by an administrator.")
    finally:
        house.supervisor.stop()


def test_a_run_that_outlived_its_server_is_adopted(house: House) -> None:
    house.trainer_will("wait")
    created = house.jobs.create(OWNER, request(house))
    house.supervisor.round()
    pid = pid_of(house)
    house.supervisor = house.another_supervisor()
    house.supervisor.round()
    assert pid_of(house) == pid
    assert job(house, created.id).state == "running"


def test_a_run_decided_but_not_started_when_the_server_died_is_started(house: House) -> None:
    created = house.jobs.create(OWNER, request(house))
    house.lifecycle.launch = lambda run: run  # type: ignore[method-assign]  # the server dies here
    assert house.lifecycle.start_next() is not None
    del house.lifecycle.launch
    assert ended(house, created.id).state == "succeeded"


def test_a_run_that_ended_while_no_server_was_there_is_judged(house: House) -> None:
    created = house.jobs.create(OWNER, request(house))
    house.supervisor.round()
    handle = house.lifecycle.runs()[0].handle
    assert handle is not None
    wait_until(lambda: not house.launcher.poll(handle).alive)
    house.supervisor = house.another_supervisor()
    house.supervisor.round()
    assert job(house, created.id).state == "succeeded"


def test_a_document_that_is_gone_fails_the_job_and_not_the_supervisor(house: House) -> None:
    asked = request(house)
    created = house.jobs.create(OWNER, asked)
    document = house.documents.stored(OWNER, asked.document_ids[0])
    house.documents.delete(OWNER, document)
    done = ended(house, created.id)
    assert done.state == "failed"
    assert done.error is not None
    assert done.error.code == "document.not_found"


def test_a_live_job_is_not_deleted_and_an_ended_one_leaves_its_model(house: House) -> None:
    created = house.jobs.create(OWNER, request(house))
    with pytest.raises(Conflict, match="Cancel it first"):
        house.jobs.delete(OWNER, created.id)
    model_id = ended(house, created.id).tuned_model
    assert model_id is not None
    house.jobs.delete(OWNER, created.id)
    with pytest.raises(NotFound):
        house.jobs.get(OWNER, created.id)
    assert not (house.folder / "runs" / created.id).exists()
    assert house.tuned_models.get(OWNER, model_id).id == model_id


def test_deleting_a_model_removes_its_bytes(house: House) -> None:
    model_id = ended(house, house.jobs.create(OWNER, request(house)).id).tuned_model
    assert model_id is not None
    house.jobs.delete_model(OWNER, model_id)
    assert not (house.folder / "blobs" / "tuned-models").exists()
    with pytest.raises(NotFound):
        house.tuned_models.get(OWNER, model_id)


def test_the_trainers_output_is_echoed_on_the_console(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    created = house.jobs.create(OWNER, request(house))
    ended(house, created.id)
    assert f"[{created.id[-8:]}] trainer of {created.id}" in capfd.readouterr().out


def test_a_finished_run_is_the_next_forecasts_measure(house: House) -> None:
    asked = request(house)
    assert house.jobs.forecast(OWNER, asked).seconds_low is None
    ended(house, house.jobs.create(OWNER, asked).id)
    forecast = house.jobs.forecast(OWNER, asked)
    assert forecast.seconds_low is not None
    assert forecast.seconds_high is not None
    assert 0 < forecast.seconds_low < forecast.seconds_high
    assert "100 tokens/s" in forecast.basis


def test_finishing_twice_makes_one_model(house: House) -> None:
    """Another server has judged the run meanwhile: this one's judgement is refused."""
    created = house.jobs.create(OWNER, request(house))
    house.supervisor.round()
    run = house.lifecycle.runs()[0]
    assert run.handle is not None
    wait_until(lambda: not house.launcher.poll(run.handle).alive)  # type: ignore[arg-type]
    status = house.launcher.poll(run.handle)
    copy = Path(shutil.copytree(house.folder / "runs", house.folder / "copy"))
    house.lifecycle.finish(run, status)
    shutil.rmtree(house.folder / "runs")
    copy.rename(house.folder / "runs")
    with pytest.raises(StaleWrite):
        house.lifecycle.finish(run, status)
    assert job(house, created.id).state == "succeeded"
    assert len(house.tuned_models.page(OWNER, limit=10, after=None).data) == 1
    assert house.records.page(keys.RUNNING_PARTITION).records == []


def pid_of(house: House) -> int:
    handle = house.lifecycle.runs()[0].handle
    assert handle is not None
    pid: int = json.loads(handle)["pid"]
    os.kill(pid, 0)
    return pid


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
