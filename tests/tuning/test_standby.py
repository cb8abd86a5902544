"""The trainer's own side of waiting for a run: the real program, and a server that says the word, does not, or is gone."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from shared.job_spec import EXIT_DONE, OUTPUT_FILE, SPEC_FILE, JobSpec, run_note
from shared.standby import GO_FILE, READY_FILE, TAKEN_FILE, WAIT_FILE, Go
from tests.tuning.conftest import Run
from tests.tuning.test_resume import losses, sums

ROOT = Path(__file__).resolve().parents[2]
WriteSpec = Callable[..., JobSpec]
Train = Callable[..., Run]
_LARGEST_BYTES = 350e6


class Waiting:
    """A trainer that waits, and what its server holds of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.held = (folder / WAIT_FILE).open("wb")
        fcntl.flock(self.held, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "server.tuning.gpt2_tuning", "--standby", str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "HF_HUB_OFFLINE": "1"}, start_new_session=True)

    def wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 60
        while not (self.folder / name).exists():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def let_go(self) -> None:
        self.held.close()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    waiting = Waiting(tmp_path / "standby")
    yield waiting
    waiting.process.kill()
    waiting.process.wait()
    waiting.let_go()


def give(waiting: Waiting, spec: JobSpec, folder: Path, *, note: str = "the handle") -> None:
    folder.mkdir()
    (folder / SPEC_FILE).write_text(spec.model_dump_json())
    run_note(folder, spec.run_id).write_text(note)
    go = Go(run_id=spec.run_id, folder=folder, spec=folder / SPEC_FILE, note="the handle", environment={"LLM_TUNER_RUN_ID": spec.run_id})
    (waiting.folder / GO_FILE).write_text(go.model_dump_json())


def test_its_run_is_that_of_any_other_trainer_to_the_bit(
    waiting: Waiting, write_spec: WriteSpec, train: Train, pairs: list[Any], tmp_path: Path
) -> None:
    spec = write_spec(pairs, base_model="local/tiny-llama", method="lora", max_steps=8)
    other = train(spec, "other")
    waiting.wait_for(READY_FILE)
    assert psutil.Process(waiting.process.pid).memory_info().rss < _LARGEST_BYTES
    give(waiting, spec, tmp_path / "run")
    waiting.let_go()
    waiting.wait_for(TAKEN_FILE)
    run = Run(waiting.process.wait(60), tmp_path / "run")
    assert run.status == run.exit.status == EXIT_DONE
    assert "Done: " in (run.folder / OUTPUT_FILE).read_text()
    assert sums(run) == sums(other)
    assert losses(run).items() & losses(other).items()
    assert run.of("spec")[0].threads == 1


def test_without_a_word_it_ends_with_its_server(waiting: Waiting) -> None:
    waiting.wait_for(READY_FILE)
    waiting.let_go()
    assert waiting.process.wait(20) == 0


def test_a_run_that_was_given_to_another_is_not_touched(waiting: Waiting, write_spec: WriteSpec, pairs: list[Any], tmp_path: Path) -> None:
    give(waiting, write_spec(pairs, base_model="local/tiny-llama", method="lora"), tmp_path / "run", note="another's handle")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    waiting.let_go()
    assert waiting.process.wait(60) == 0
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
