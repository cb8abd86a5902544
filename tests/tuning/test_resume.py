"""A run that was stopped or killed goes on where it was, and ends as if nothing had happened: the same losses, the same files."""

import hashlib
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.tuning import pace
from server.tuning.checkpoint import checkpoints_of, verified
from shared.job_spec import EVENTS_FILE, EXIT_CANCELLED, EXIT_DONE, JobSpec
from tests.tuning.conftest import Run

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
METHODS = [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
STEPS = 14


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SECONDS_BETWEEN_EVENTS", 0.0)


@contextmanager
def stopped_at(step: int, events: Path) -> Iterator[None]:
    """SIGTERM to this process, in whose main thread the trainer runs, once it says that it saved this step."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.003):
            if events.exists() and f'"type":"checkpoint","step":{step},' in events.read_text():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def attempt(spec: JobSpec, fence: int) -> JobSpec:
    return spec.model_copy(update={"run_id": f"run-{fence}", "fence": fence})


def in_one_go(spec: JobSpec) -> JobSpec:
    """Without the saves after each step, which take longer than the steps do."""
    return spec.model_copy(update={"checkpoint_every_s": 3600.0})


def losses(run: Run) -> dict[tuple[str, int], float]:
    """Of every step and every validation, as whoever reads the events has it: a resumed run takes back what was said of later steps."""
    found: dict[tuple[str, int], float] = {}
    for event in run.events:
        if event.type == "resumed":
            found = {key: loss for key, loss in found.items() if key[1] <= event.step}
        if event.type in ("progress", "evaluation"):
            found[event.type, event.step] = event.loss
    return found


def sums(run: Run) -> dict[str, str]:
    files = [path for name in ("model", "adapter", "last") for path in sorted((run.folder / name).glob("*"))]
    return {str(path.relative_to(run.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(("base_model", "method"), METHODS)
def test_a_run_stopped_twice_ends_as_one_in_one_go_to_the_bit(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any]
) -> None:
    spec = write_spec(pairs, base_model=base_model, method=method, max_steps=STEPS, learning_rate=0.02, checkpoint_every_s=0)
    calm = train(in_one_go(spec), "calm")
    for fence, step in enumerate((3, 8), start=1):
        with stopped_at(step, calm.folder.parent / "stopped" / EVENTS_FILE):
            stopped = train(attempt(spec, fence), "stopped")
        assert stopped.status == EXIT_CANCELLED
        assert verified(checkpoints_of(stopped.folder)[0]).step == stopped.events[-1].step >= step
        assert not (stopped.folder / "model").exists()
    ended = train(attempt(spec, 3), "stopped")
    assert (calm.status, ended.status) == (EXIT_DONE, EXIT_DONE)
    assert len(losses(calm)) == STEPS + 5
    assert losses(ended) == losses(calm)
    assert sums(ended) == sums(calm)
    resumed = [event.step for event in ended.of("resumed")]
    assert len(resumed) == 2
    assert 3 <= resumed[0] < 8 <= resumed[1] < STEPS
    assert [event.seq for event in ended.events] == list(range(len(ended.events)))
    assert not (ended.folder / "checkpoints").exists()
    done, expected = ended.of("done")[0], calm.of("done")[0]
    for name in ("step", "train_loss", "validation_loss_before", "validation_loss", "num_training_tokens", "chat"):
        assert getattr(done, name) == getattr(expected, name)


def test_the_best_weights_survive_even_where_only_an_older_checkpoint_does(write_spec: WriteSpec, train: Train) -> None:
    """Trained at a rate that makes it worse in the end; the newest checkpoint is lost, as when the machine was cut off in the middle."""
    rows = [{"text": "".join(random.Random(i).choices("0123456789", k=40))} for i in range(10)]
    settings = {"epochs": 60, "learning_rate": 0.02, "validation_fraction": 0.4}
    spec = write_spec(rows, base_model="local/tiny-gpt2", method="full", checkpoint_every_s=0, **settings)
    calm = train(in_one_go(spec), "calm")
    assert (calm.folder / "last").exists(), "the test wants a run whose best step is not its last"
    with stopped_at(30, calm.folder.parent / "cut" / EVENTS_FILE):
        cut = train(spec, "cut")
    newest, older = checkpoints_of(cut.folder)
    shutil.rmtree(newest)
    ended = train(in_one_go(attempt(spec, 2)), "cut")
    assert ended.of("resumed")[0].step == int(older.name.removeprefix("step-"))
    assert losses(ended) == losses(calm)
    assert sums(ended) == sums(calm)


def test_times_and_the_estimate_go_on_where_they_were(write_spec: WriteSpec, train: Train, texts: list[Any]) -> None:
    spec = write_spec(texts, base_model="gpt2-scratch-1m", method="scratch", max_steps=40, batch_size=4, checkpoint_every_s=0)
    folder = spec.data[0].path.parent / "run"
    with stopped_at(20, folder / EVENTS_FILE):
        before = train(spec).of("progress")
    began = time.monotonic()
    run = train(in_one_go(attempt(spec, 2)))
    took = time.monotonic() - began
    after = [event for event in run.of("progress") if event.run_id == "run-2"]
    assert after[0].step == before[-1].step + 1
    assert before[-1].elapsed_s < after[0].elapsed_s < before[-1].elapsed_s + took
    assert after[0].eta_s < 3 * before[-1].eta_s + 5
    ended = run.of("done")[0].at
    for event in after:
        left_s = (ended - event.at).total_seconds()
        assert left_s / 3 - 2 < event.eta_s < 3 * left_s + 2, f"at step {event.step}"
    assert run.of("done")[0].seconds >= before[-1].elapsed_s


@pytest.mark.parametrize(
    "changed", [{"learning_rate": 1e-3}, {"seed": 8}, {"max_steps": 30}, {"batch_size": 1}, {"validation_fraction": 0.1}]
)
def test_a_run_with_other_settings_does_not_go_on(changed: dict[str, Any], write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=20, checkpoint_every_s=0)
    with stopped_at(2, spec.data[0].path.parent / "run" / EVENTS_FILE):
        assert train(spec).status == EXIT_CANCELLED
    other = attempt(spec, 2).model_copy(update={"settings": spec.settings.model_copy(update=changed)})
    run = train(other)
    assert run.status == EXIT_DONE
    assert [(event.step, event.path) for event in run.of("resumed")] == [(0, "")]
    assert "belongs to other settings" in run.of("warning")[0].message


def test_a_run_with_other_data_does_not_go_on(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=20, checkpoint_every_s=0)
    with stopped_at(2, spec.data[0].path.parent / "run" / EVENTS_FILE):
        train(spec)
    spec.data[0].path.write_text('{"text": "Something else entirely."}\n' * 20)
    run = train(attempt(spec, 2))
    assert (run.status, [event.step for event in run.of("resumed")]) == (EXIT_DONE, [0])


def test_another_number_of_threads_is_told_and_does_not_cost_the_work(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=6, checkpoint_every_s=0)
    with stopped_at(2, spec.data[0].path.parent / "run" / EVENTS_FILE):
        train(spec)
    run = train(attempt(spec, 2).model_copy(update={"threads": 2}))
    assert run.of("resumed")[0].step >= 2
    assert "2 threads instead of 1" in run.of("warning")[0].message


def test_a_line_that_a_killed_attempt_left_half_written_spoils_no_other(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=2)
    events = spec.data[0].path.parent / "run" / EVENTS_FILE
    events.parent.mkdir()
    events.write_bytes(b'{"type":"log","seq":0,"message":"wh')
    assert train(spec).status == EXIT_DONE
    torn, *whole = events.read_bytes().splitlines()
    assert torn.endswith(b'"wh')
    assert [line.startswith(b'{"seq":') for line in whole] == [True] * len(whole)
