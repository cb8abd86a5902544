"""A trainer that waits: it takes a run, or it is gone and another one has it. With programs that behave in every way that one could."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server.adapters.launch_local import LocalLauncher
from server.adapters.programs import Programs
from server.adapters.standby_local import StandbyTrainer
from server.ports.launcher import Launch, stop_and_wait

# Its name says how it behaves. Started for a run, it is a trainer that sleeps.
_PROGRAM = """
import fcntl, json, os, pathlib, sys, time
name, (flag, word) = pathlib.Path(__file__).stem, sys.argv[1:3]
if flag == "--standby":
    folder = pathlib.Path(word)
    if name == "slow":
        time.sleep(60)
    (folder / "ready").touch()
    with (folder / "wait").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
    if name == "dying" or not (folder / "go.json").exists():
        sys.exit(1)
    if name == "deaf":
        time.sleep(60)
    go = json.loads((folder / "go.json").read_text())
    os.chdir(go["folder"])
    (folder / "taken").touch()
    word = go["spec"]
(pathlib.Path(word).parent / "pids").open("a").write(f"{os.getpid()}\\n")
time.sleep(60)
"""


class Bench:
    def __init__(self, folder: Path, name: str) -> None:
        self.run, self.place = folder / "run", folder / "standby"
        self.run.mkdir()
        self.place.mkdir(mode=0o700)
        (folder / f"{name}.py").write_text(_PROGRAM)
        self.programs = Programs(folder)
        self.standby = StandbyTrainer(self.programs, self.place, module=name)
        self.launcher = LocalLauncher(self.programs, modules={"train": name}, standby=self.standby)
        self.handle: str | None = None

    def wait_until_ready(self) -> int:
        deadline = time.monotonic() + 20
        while not list(self.place.glob("*/ready")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert self.standby.pid is not None
        return self.standby.pid

    def start(self) -> int:
        """The number of the process that has the run, as the handle says."""
        self.handle = self.launcher.start(Launch("run-1", "train", ["--spec", str(self.run / "spec.json")], self.run))
        return int(json.loads(self.handle)["pid"])

    def workers(self) -> list[int]:
        """Everybody who ever worked in the run's folder."""
        deadline = time.monotonic() + 20
        while not (self.run / "pids").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return [int(line) for line in (self.run / "pids").read_text().split()]


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(tmp_path, getattr(request, "param", "willing"))
    yield bench
    if bench.handle is not None:
        stop_and_wait(bench.launcher, bench.handle, grace_s=0)
    bench.standby.retire()


def is_gone(pid: int, *, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_the_one_that_waits_takes_the_run_and_is_its_trainer(bench: Bench) -> None:
    bench.standby.keep()
    waiting = bench.wait_until_ready()
    assert bench.launcher.started_in(bench.run) == {}, "nobody's trainer yet"
    assert [folder.stat().st_mode & 0o777 for folder in bench.place.iterdir()] == [0o700]
    assert bench.start() == waiting
    assert bench.workers() == [waiting]
    assert bench.standby.pid is None
    assert list(bench.place.iterdir()) == []
    another_server = LocalLauncher(bench.programs, modules={"train": "willing"})
    assert bench.handle is not None
    assert another_server.start(Launch("run-1", "train", ["--spec", str(bench.run / "spec.json")], bench.run)) == bench.handle
    assert another_server.poll(bench.handle).alive
    stop_and_wait(another_server, bench.handle, grace_s=0)
    assert is_gone(waiting)
    assert bench.workers() == [waiting]


def test_each_run_wants_one_of_its_own(bench: Bench) -> None:
    bench.standby.keep()
    first = bench.wait_until_ready()
    bench.standby.keep()
    assert bench.standby.pid == first, "one at most"
    bench.start()
    bench.standby.keep()
    assert bench.standby.pid not in (None, first)


@pytest.mark.parametrize("bench", ["deaf", "dying"], indirect=True)
def test_one_that_does_not_answer_is_ended_and_another_has_the_run(bench: Bench) -> None:
    bench.standby.keep()
    waiting = bench.wait_until_ready()
    trainer = bench.start()
    assert trainer != waiting
    assert is_gone(waiting, within_s=0.0), "before the other one is started"
    assert bench.workers() == [trainer]
    assert json.loads((bench.run / "launched-run-1.json").read_text())["pid"] == trainer


def test_a_frozen_one_is_ended_and_another_has_the_run(bench: Bench) -> None:
    bench.standby.keep()
    waiting = bench.wait_until_ready()
    os.kill(waiting, signal.SIGSTOP)
    trainer = bench.start()
    assert trainer != waiting
    assert is_gone(waiting, within_s=0.0)
    assert bench.workers() == [trainer]


@pytest.mark.parametrize("bench", ["slow"], indirect=True)
def test_one_that_is_not_ready_is_not_waited_for(bench: Bench) -> None:
    bench.standby.keep()
    loading = bench.standby.pid
    assert loading is not None
    assert bench.start() != loading
    assert is_gone(loading, within_s=0.0)


def test_one_that_was_killed_is_nobodys_loss(bench: Bench) -> None:
    bench.standby.keep()
    waiting = bench.wait_until_ready()
    os.kill(waiting, signal.SIGKILL)
    assert is_gone(waiting)
    assert bench.start() != waiting


def test_it_inherits_no_secrets(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    bench.standby.keep()
    assert b"canary" not in Path(f"/proc/{bench.wait_until_ready()}/environ").read_bytes()


def test_what_a_dead_server_left_is_swept_and_what_a_living_one_needs_is_not(bench: Bench) -> None:
    bench.standby.keep()
    waiting = bench.wait_until_ready()
    left = bench.place / "standby-of-a-dead-server"
    left.mkdir()
    (left / "wait").touch()
    StandbyTrainer(bench.programs, bench.place).sweep()
    assert not left.exists()
    assert bench.start() == waiting
