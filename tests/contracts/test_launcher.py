"""The laws of the launcher port, run on every adapter with real programs."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from server.adapters.launch_local import LocalLauncher
from server.adapters.programs import Programs
from server.errors import Unavailable
from server.ports.launcher import Launch, Launcher, RunStatus, stop_and_wait

# What the program does is its first argument; its folder is its second.
_PROGRAM = """
import json, os, pathlib, signal, subprocess, sys, time
what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
(folder / "pids").open("a").write(f"{os.getpid()}\\n")
print("hello from", what, flush=True)
if what == "finish":
    (folder / "exit.json").write_text(json.dumps({"run_id": sys.argv[3], "status": 7, "at": "now"}))
elif what == "crash":
    os.kill(os.getpid(), signal.SIGKILL)
elif what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"])
    (folder / "pids").open("a").write(f"{child.pid}\\n")
    time.sleep(60)
elif what == "compute":
    while True:
        pass
elif what == "environment":
    print(json.dumps(dict(os.environ)), flush=True)
else:
    time.sleep(60)
"""


class Bench:
    """A launcher with one program to start, and the folder that it runs in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        self.folder.mkdir()
        (folder / "testprogram.py").write_text(_PROGRAM)
        self.make: Callable[[], Launcher] = lambda: LocalLauncher(
            Programs(folder), modules={"train": "testprogram", "generate": "testprogram"}
        )
        self.launcher = self.make()
        self.handles: list[str] = []

    def start(self, what: str, run_id: str = "run-1") -> str:
        handle = self.launcher.start(Launch(run_id, "train", [what, str(self.folder), run_id], self.folder))
        self.handles.append(handle)
        return handle

    def wait(self, handle: str, until: Callable[[RunStatus], bool], seconds: float = 20) -> RunStatus:
        deadline = time.monotonic() + seconds
        while not until(status := self.launcher.poll(handle)):
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return status

    def output(self, handle: str, containing: str) -> str:
        deadline = time.monotonic() + 20
        while containing not in (text := self.launcher.read(handle, 0)[0].decode()):
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        return text

    def pids(self) -> list[int]:
        return [int(line) for line in (self.folder / "pids").read_text().split()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for handle in bench.handles:
        stop_and_wait(bench.launcher, handle, grace_s=0)


def test_a_program_that_ends_tells_its_status_itself(bench: Bench) -> None:
    handle = bench.start("finish")
    assert bench.wait(handle, lambda status: not status.alive) == RunStatus(alive=False, exit_status=7)


def test_a_crash_has_no_status(bench: Bench) -> None:
    handle = bench.start("crash")
    assert bench.wait(handle, lambda status: not status.alive) == RunStatus(alive=False, exit_status=None, ended_by_signal=9)
    bench.launcher = bench.make()
    assert bench.launcher.poll(handle) == RunStatus(alive=False, exit_status=None), "only a parent learns of the signal"


def test_starting_a_run_twice_starts_it_once(bench: Bench) -> None:
    first = bench.start("sleep")
    bench.output(first, "hello")
    assert bench.start("sleep") == first
    assert bench.make().start(Launch("run-1", "train", ["sleep", str(bench.folder), "run-1"], bench.folder)) == first
    assert len(bench.pids()) == 1


def test_two_servers_that_start_one_run_at_the_same_moment_start_it_once(bench: Bench) -> None:
    handles: list[str] = []

    def start() -> None:
        while True:
            try:
                handles.append(bench.make().start(Launch("run-1", "train", ["sleep", str(bench.folder), "run-1"], bench.folder)))
                return
            except Unavailable as busy:
                assert busy.code == "launcher.busy"
                time.sleep(0.01)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.handles += handles[:1]
    assert len(set(handles)) == 1
    bench.output(handles[0], "hello")
    assert len(bench.pids()) == 1


def test_a_program_whose_server_died_before_it_wrote_that_down_is_found_again(bench: Bench) -> None:
    first = json.loads(bench.start("sleep"))
    bench.output(bench.handles[0], "hello")
    (bench.folder / "launched-run-1.json").unlink()
    again = json.loads(bench.make().start(Launch("run-1", "train", ["sleep", str(bench.folder), "run-1"], bench.folder)))
    assert (again["pid"], again["started"]) == (first["pid"], first["started"])
    assert len(bench.pids()) == 1


def test_the_time_that_a_program_has_computed_is_told(bench: Bench) -> None:
    handle = bench.start("compute")
    assert bench.wait(handle, lambda status: status.cpu_s > 0.2).alive


def test_stopping_does_not_wait(bench: Bench) -> None:
    handle = bench.start("deaf")
    bench.output(handle, "hello")
    began = time.monotonic()
    assert not bench.launcher.stop(handle, force=False)
    assert time.monotonic() - began < 1.0
    assert bench.launcher.poll(handle).alive
    while not bench.launcher.stop(handle, force=True):
        time.sleep(0.02)
    assert bench.launcher.stop(handle, force=True), "and again, when nothing is left"


def test_a_handle_survives_a_restart_of_the_server(bench: Bench) -> None:
    handle = bench.start("sleep")
    bench.output(handle, "hello")
    bench.launcher = bench.make()
    assert bench.launcher.poll(handle).alive
    stop_and_wait(bench.launcher, handle, grace_s=5)
    assert not bench.launcher.poll(handle).alive


def test_output_is_read_on_from_a_cursor(bench: Bench) -> None:
    handle = bench.start("finish")
    whole = bench.output(handle, "finish\n")
    first, cursor = bench.launcher.read(handle, 0, limit=5)
    rest, end = bench.launcher.read(handle, cursor)
    assert (first + rest).decode() == whole
    assert bench.launcher.read(handle, end) == (b"", end)


def test_stopping_ends_the_whole_group_even_when_it_does_not_listen(bench: Bench) -> None:
    handle = bench.start("deaf")
    deadline = time.monotonic() + 20
    while len(bench.pids() if (bench.folder / "pids").exists() else []) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop_and_wait(bench.launcher, handle, grace_s=0.3)
    assert not [pid for pid in bench.pids() if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def test_an_innocent_with_the_same_number_is_neither_seen_nor_ended(bench: Bench) -> None:
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    time.sleep(0.05)  # a start time counts in hundredths of a second, and no number is reused within one
    try:
        handle = json.loads(bench.start("crash"))
        bench.wait(bench.handles[0], lambda status: not status.alive)
        reused = json.dumps(handle | {"pid": innocent.pid})
        assert not bench.launcher.poll(reused).alive
        stop_and_wait(bench.launcher, reused, grace_s=0)
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_handle_of_another_boot_is_dead(bench: Bench) -> None:
    handle = bench.start("sleep")
    before_the_power_cut = json.dumps(json.loads(handle) | {"boot": "another"})
    assert not bench.launcher.poll(before_the_power_cut).alive
    stop_and_wait(bench.launcher, before_the_power_cut, grace_s=0)
    assert bench.launcher.poll(handle).alive


def test_a_program_inherits_no_secrets(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "LLM_TUNER_SIGNING_SECRET", "SMTP_PASSWORD"):
        monkeypatch.setenv(name, "canary")
    text = bench.output(bench.start("environment"), "PATH")
    assert "canary" not in text
    assert os.environ["PATH"] in text
