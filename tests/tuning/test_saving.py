"""Saves beside the training: what they read lies still, there is never more than one, and whatever ends them is heard of."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from server.tuning.checkpoint import CheckpointWriter, checkpoints_of, verified
from server.tuning.claim import Claim, Superseded
from server.tuning.disk import Disk
from server.tuning.events import EventLog
from server.tuning.keeper import Keeper
from server.tuning.process import StopRequest
from server.tuning.snapshot import Snapshot, SnapshotFiles
from shared.job_spec import EVENTS_FILE, DataFile, JobSpec
from tests.tuning.conftest import SETTINGS, Run

SIZE = 100_000


class HeldDisk(Disk):
    """Writes tensors, and syncs their file, when it is allowed to; and can be full."""

    def __init__(self) -> None:
        self.may_write, self.may_sync = threading.Event(), threading.Event()
        self.may_write.set()
        self.may_sync.set()
        self.full = False
        self.at_once = self.most_at_once = 0

    def write_tensors(self, path: Path, tensors: dict[str, Tensor]) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.may_write.wait(20)
        if self.full:
            self.at_once -= 1
            raise OSError(28, "No space left on device")
        super().write_tensors(path, tensors)

    def sync(self, path: Path) -> None:
        if path.name == "training.safetensors":
            self.may_sync.wait(20)
            self.at_once -= 1
        super().sync(path)


class Bench:
    def __init__(self, folder: Path, every_s: float) -> None:
        self.run = Run(0, folder)
        self.disk = HeldDisk()
        self.claim = Claim(folder, 1)
        self.events = EventLog(folder / EVENTS_FILE, "run-1", StopRequest(), quiet=True)
        data = [DataFile(path=folder / "data.jsonl", name="data.jsonl", format="jsonl")]
        models = {"base_model": "gpt2-scratch-1m", "base_models_folder": folder, "method": "scratch"}
        spec = JobSpec(job_id="job-1", run_id="run-1", data=data, settings=SETTINGS, **models)  # type: ignore[arg-type]
        writer = CheckpointWriter(spec, folder, fingerprint="f", threads=1, disk=self.disk)
        self.keeper = Keeper(writer, SnapshotFiles(), self.claim, self.events, every_s=every_s, size_bytes=8 * SIZE)
        self.weights = torch.zeros(SIZE)

    def snapshot(self, step: int) -> Snapshot:
        return Snapshot(step, {"step": step}, {"weights": self.weights})

    def saved(self) -> dict[int, float]:
        """The value that all weights of each checkpoint have."""
        found = {}
        for folder in checkpoints_of(self.run.folder):
            values = load_file(folder / "training.safetensors")["weights"].unique()
            assert len(values) == 1, "a mixture of two steps"
            found[verified(folder).step] = float(values)
        return found

    def warnings(self) -> list[str]:
        return [event.message for event in self.run.of("warning")]


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(tmp_path, getattr(request, "param", 0.0))
    yield bench
    bench.events.close()
    bench.claim.release()


def in_the_background(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_weights_move_when_the_save_has_read_them_and_not_before(bench: Bench) -> None:
    bench.disk.may_write.clear()
    bench.disk.may_sync.clear()
    bench.keeper.save(bench.snapshot(1))

    def step() -> None:
        bench.keeper.before_weights_move()
        bench.weights.add_(1)

    stepping = in_the_background(step)
    time.sleep(0.1)
    assert stepping.is_alive()
    assert bench.weights.sum() == 0
    bench.disk.may_write.set()
    stepping.join(20)
    assert bench.weights.min() == 1, "while the save goes on"
    bench.keeper.look()
    assert bench.saved() == {}, "not before it is synced"
    bench.disk.may_sync.set()
    bench.keeper.finish()
    assert bench.saved() == {1: 0.0}
    [told] = bench.run.of("checkpoint")
    assert told.step == 1
    assert told.seconds >= told.stall_s >= 0.05


def test_there_is_never_more_than_one(bench: Bench) -> None:
    for step in range(1, 6):
        bench.keeper.save(bench.snapshot(step))
        bench.keeper.before_weights_move()
        bench.weights.add_(1)
    bench.keeper.save(bench.snapshot(6))
    bench.keeper.save(bench.snapshot(6))
    bench.keeper.finish()
    assert bench.disk.most_at_once == 1
    assert [event.step for event in bench.run.of("checkpoint")] == [1, 2, 3, 4, 5, 6]
    assert bench.saved() == {5: 4.0, 6: 5.0}


@pytest.mark.parametrize("bench", [3600.0], indirect=True)
def test_none_is_due_while_one_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.keeper, "_every_s", 1e-9)
    monkeypatch.setattr(bench.keeper, "_cost_s", 0.0)
    assert bench.keeper.is_due
    bench.disk.may_sync.clear()
    bench.keeper.save(bench.snapshot(1))
    assert not bench.keeper.is_due
    bench.disk.may_sync.set()
    bench.keeper.finish()


def test_a_disk_that_is_full_is_told_of_and_tried_again(bench: Bench) -> None:
    bench.keeper.save(bench.snapshot(1))
    bench.keeper.finish()
    bench.disk.full = True
    bench.keeper.save(bench.snapshot(2))
    bench.keeper.finish()
    assert len(bench.warnings()) == 1
    assert "step 2 could not be saved: the disk is full" in bench.warnings()[0]
    assert bench.saved() == {1: 0.0}
    bench.disk.full = False
    bench.keeper.save(bench.snapshot(2))
    bench.keeper.finish()
    assert bench.saved() == {1: 0.0, 2: 0.0}


def test_a_later_trainer_that_comes_in_the_middle_is_heard_of(bench: Bench) -> None:
    bench.disk.may_sync.clear()
    bench.keeper.save(bench.snapshot(1))
    (bench.run.folder / "fence").write_text("2\n")
    bench.disk.may_sync.set()
    with pytest.raises(Superseded):
        bench.keeper.finish()
    assert bench.saved() == {}
    assert list((bench.run.folder / "checkpoints").iterdir()) == []


def test_the_numbers_of_a_save_are_those_of_its_step(bench: Bench) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    bench.disk.may_write.clear()
    bench.keeper.save(bench.snapshot(1))
    torch.rand(3)
    bench.disk.may_write.set()
    bench.keeper.finish()
    [folder] = checkpoints_of(bench.run.folder)
    assert load_file(folder / "training.safetensors")["random"].equal(before)
