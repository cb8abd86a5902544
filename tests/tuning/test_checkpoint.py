"""Checkpoints that were damaged, and folders that belong to another trainer."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.tuning.checkpoint import BadCheckpoint, checkpoints_of, verified
from server.tuning.claim import Claim, Superseded
from server.tuning.serving import Serving
from shared.job_spec import EVENTS_FILE, EXIT_DONE, EXIT_SUPERSEDED, SPEC_FILE, JobSpec
from tests.tuning.conftest import Run
from tests.tuning.test_resume import attempt, stopped_at

Train = Callable[..., Run]
WriteSpec = Callable[..., JobSpec]
LORA = {"base_model": "local/tiny-llama", "method": "lora"}


@pytest.fixture
def stopped(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> tuple[JobSpec, Run]:
    """A run with two checkpoints that was stopped."""
    return stop_at_4(write_spec(pairs, **LORA, max_steps=40, checkpoint_every_s=0), train)


def stop_at_4(spec: JobSpec, train: Train) -> tuple[JobSpec, Run]:
    folder = spec.data[0].path.parent / "run"
    with stopped_at(4, folder / EVENTS_FILE):
        run = train(spec)
    assert len(checkpoints_of(folder)) == 2
    return spec, run


def spoil(file: Path, how: str) -> None:
    content = file.read_bytes()
    match how:
        case "cut short":
            file.write_bytes(content[: len(content) // 2])
        case "one bit":
            file.write_bytes(content[:-3] + bytes([content[-3] ^ 4]) + content[-2:])
        case "gone":
            file.unlink()
        case "longer":
            file.write_bytes(content + b"\0")


@pytest.mark.parametrize("how", ["cut short", "one bit", "gone", "longer"])
@pytest.mark.parametrize("name", ["manifest.json", "state.json", "training.safetensors"])
def test_a_spoiled_checkpoint_is_told_of_and_the_one_before_is_taken(
    name: str, how: str, stopped: tuple[JobSpec, Run], train: Train
) -> None:
    spec, run = stopped
    newest, older = checkpoints_of(run.folder)
    expected = verified(older).step
    spoil(newest / name, how)
    with pytest.raises(BadCheckpoint):
        verified(newest)
    ended = train(attempt(spec, 2))
    assert ended.status == EXIT_DONE
    assert [event.step for event in ended.of("resumed")] == [expected]
    assert any(newest.name in event.message and "cannot be used" in event.message for event in ended.of("warning"))


def test_with_no_good_checkpoint_left_it_begins_again(stopped: tuple[JobSpec, Run], train: Train) -> None:
    spec, run = stopped
    for folder in checkpoints_of(run.folder):
        spoil(folder / "state.json", "gone")
    ended = train(attempt(spec, 2))
    assert ended.status == EXIT_DONE
    assert [(event.step, event.path) for event in ended.of("resumed")] == [(0, "")]


@pytest.mark.parametrize(("field", "value"), [("step", 50), ("fingerprint", "0" * 64), ("validation_loss", 0.5), ("format", 2)])
def test_a_manifest_that_somebody_changed_is_refused(field: str, value: Any, stopped: tuple[JobSpec, Run]) -> None:
    newest = checkpoints_of(stopped[1].folder)[0]
    manifest = json.loads((newest / "manifest.json").read_text())
    (newest / "manifest.json").write_text(json.dumps({**manifest, field: value}))
    with pytest.raises(BadCheckpoint):
        verified(newest)


def test_what_a_kill_left_half_made_is_cleared_away(stopped: tuple[JobSpec, Run], train: Train) -> None:
    spec, run = stopped
    half_made = run.folder / "checkpoints" / ".step-00000099.part"
    shutil.copytree(checkpoints_of(run.folder)[0], half_made)
    expected = verified(checkpoints_of(run.folder)[0]).step
    with stopped_at(20, run.folder / EVENTS_FILE):
        ended = train(attempt(spec, 2))
    assert ended.of("resumed")[0].step == expected
    assert not half_made.exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_trainer_that_a_later_one_replaced_touches_nothing(stopped: tuple[JobSpec, Run], train: Train) -> None:
    spec, run = stopped
    Claim(run.folder, 7).release()
    before = contents(run.folder)
    assert train(attempt(spec, 6)).status == EXIT_SUPERSEDED
    assert contents(run.folder) == before
    assert train(attempt(spec, 7)).status == EXIT_DONE


def test_a_trainer_that_finds_another_at_work_touches_nothing(stopped: tuple[JobSpec, Run], train: Train) -> None:
    spec, run = stopped
    claim = Claim(run.folder, 2)
    before = contents(run.folder)
    assert train(attempt(spec, 3)).status == EXIT_SUPERSEDED
    assert contents(run.folder) == before
    claim.release()


def test_a_trainer_that_is_replaced_while_it_works_saves_nothing_more(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    """Its lock was lost, as on a file system without locks: the fence is what stops it."""
    spec = write_spec(pairs, **LORA, max_steps=400, checkpoint_every_s=0)
    folder = spec.data[0].path.parent / "run"

    def replace_it() -> None:
        while not checkpoints_of(folder):
            pass
        (folder / "fence").write_text("9\n")

    thread = threading.Thread(target=replace_it)
    thread.start()
    run = train(spec)
    thread.join()
    assert run.status == EXIT_SUPERSEDED
    assert not (folder / "exit.json").exists()
    assert not (folder / "model").exists()
    assert run.events[-1].type not in ("done", "failed", "cancelled")


def test_a_lock_comes_free_with_its_holder(tmp_path: Path) -> None:
    claim = Claim(tmp_path, 1)
    with pytest.raises(Superseded):
        Claim(tmp_path, 2)
    claim.release()
    Claim(tmp_path, 2).release()
    with pytest.raises(Superseded):
        Claim(tmp_path, 1)


@pytest.mark.parametrize(
    ("base_model", "method"), [("local/tiny-llama", "lora"), ("local/tiny-gpt2", "full"), ("gpt2-scratch-1m", "scratch")]
)
def test_a_checkpoint_can_be_asked(
    base_model: str, method: str, write_spec: WriteSpec, train: Train, pairs: list[Any], models_folder: Path
) -> None:
    """The last one of a run answers as the exported model does, where the last weights are the best."""
    spec = write_spec(pairs, base_model=base_model, method=method, max_steps=20, checkpoint_every_s=0, validation_fraction=0.0)
    folder = spec.data[0].path.parent / "run"
    folder.mkdir()
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    with stopped_at(20, folder / EVENTS_FILE):
        train(spec)
    serving = Serving(base_models_folder=folder, models_folder=models_folder)
    newest = checkpoints_of(folder)[0]
    assert newest.name == "step-00000020"

    def ask(kind: str, path: Path) -> Any:
        asked = {"model": {"kind": kind, "path": str(path)}, "prompt": "What about the lamp?", "max_tokens": 8}
        return serving.answer(json.dumps(asked).encode())

    answer = ask("checkpoint", newest)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    assert train(attempt(spec, 2)).status == EXIT_DONE
    assert answer["token_ids"] == ask("folder", folder / "model")["token_ids"]
    spoil(copy / "checkpoints" / newest.name / "training.safetensors", "one bit")
    fresh = Serving(base_models_folder=folder, models_folder=models_folder)
    asked = {"model": {"kind": "checkpoint", "path": str(copy / "checkpoints" / newest.name)}, "prompt": "The", "max_tokens": 1}
    assert fresh.answer(json.dumps(asked).encode())["error"]["code"] == "model_damaged"
    assert ask("checkpoint", newest)["error"]["code"] == "model_damaged"


def test_a_tuned_model_is_gone_on_from_with_its_chat_template(write_spec: WriteSpec, train: Train, pairs: list[Any]) -> None:
    first = train(write_spec(pairs, base_model="gpt2-scratch-1m", method="scratch", max_steps=30), "first")
    assert (first.folder / "model" / "chat_template.jinja").exists()
    tuned = {"base_model": "ft:mine", "base_folder": first.folder / "model", "max_steps": 20}
    second = train(write_spec(pairs, method="lora", **tuned), "second")
    assert second.status == EXIT_DONE
    assert second.of("done")[0].validation_loss_before == pytest.approx(first.of("done")[0].validation_loss, rel=1e-3)
    assert (second.folder / "model" / "chat_template.jinja").read_text() == (first.folder / "model" / "chat_template.jinja").read_text()
    shutil.rmtree(first.folder / "model")
    assert train(write_spec(pairs, method="full", **tuned), "third").of("failed")[0].code == "base_unavailable"


def test_a_failure_brings_the_button_that_helps() -> None:
    from server.tuning.failures import failure_of
    from tests.tuning.conftest import SETTINGS

    def action(error: Exception, **changed: Any) -> Any:
        found = failure_of(error, SETTINGS.model_copy(update=changed)).action
        return None if found is None else (found.kind, found.hyperparameters)

    assert action(MemoryError(), batch_size=4) == ("clone", {"batch_size": 2, "gradient_accumulation": 2})
    assert action(MemoryError(), batch_size=1, block_size=512) == ("clone", {"block_size": 256})
    assert action(MemoryError(), batch_size=1, block_size=32) is None
    assert action(OSError(28, "No space left on device")) == ("retry", {})
