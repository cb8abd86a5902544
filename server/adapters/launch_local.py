"""Runs programs as processes of this machine, each in a session of its own, so that they outlive the server.

A process is known by its number, its start time and the boot it belongs to: a number alone is reused by innocents.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psutil

from server.errors import Unavailable
from server.ports.launcher import Launch, Program, RunStatus
from shared.job_spec import EXIT_FILE, OUTPUT_FILE

PROGRAMS: Final[dict[Program, str]] = {"train": "server.tuning.gpt2_tuning", "generate": "server.tuning.worker"}
# All that a program inherits. No cloud keys, no signing secret: what is not in its environment cannot leave through it.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
_POLL_S: Final = 0.05


class LocalLauncher:
    """`repository` is where the programs' modules lie; `environment` is added to every program's own."""

    def __init__(
        self, repository: Path, environment: Mapping[str, str] | None = None, *, programs: Mapping[Program, str] = PROGRAMS
    ) -> None:
        self._repository = repository
        self._extra = dict(environment or {})
        self._programs = programs
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, launch: Launch) -> str:
        note = launch.folder / f"launched-{launch.run_id}.json"
        if note.exists():
            return note.read_text()
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONPATH": str(self._repository), "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **self._extra}
        try:
            with (launch.folder / OUTPUT_FILE).open("ab") as output:
                child = subprocess.Popen(  # noqa: S603 - a fixed program; the arguments are ids and paths of our own making
                    [sys.executable, "-m", self._programs[launch.program], *launch.arguments],
                    cwd=self._repository,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise Unavailable("The training program could not be started on this machine.", code="launcher.failed") from error
        self._children[child.pid] = child
        handle = json.dumps(
            {
                "run_id": launch.run_id,
                "pid": child.pid,
                "started": _start_time(child.pid),
                "boot": _boot_id(),
                "folder": str(launch.folder),
            }
        )
        partial = note.with_suffix(".partial")
        partial.write_text(handle)
        partial.replace(note)
        return handle

    def poll(self, handle: str) -> RunStatus:
        run = json.loads(handle)
        child = self._children.get(run["pid"])
        if child is not None and child.poll() is not None:
            del self._children[run["pid"]]
        return RunStatus(alive=_is_alive(run), exit_status=_exit_status(run))

    def stop(self, handle: str, *, grace_s: float) -> None:
        run = json.loads(handle)
        deadline = time.monotonic() + grace_s
        if self.poll(handle).alive:
            _signal_group(run["pid"], signal.SIGTERM)
        while self.poll(handle).alive and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        # The leader may be gone while something it started is not. Its number cannot be anybody else's group as long as a member lives.
        while _group_members(run):
            _signal_group(run["pid"], signal.SIGKILL)
            time.sleep(_POLL_S)
            self.poll(handle)

    def read(self, handle: str, cursor: int, *, limit: int = 65_536) -> tuple[bytes, int]:
        try:
            with (Path(json.loads(handle)["folder"]) / OUTPUT_FILE).open("rb") as file:
                file.seek(cursor)
                data = file.read(limit)
        except FileNotFoundError:
            return b"", cursor
        return data, cursor + len(data)


def _start_time(pid: int) -> str | None:
    """A token that no later process with the same number shares; None when there is no such process, or only its corpse."""
    try:
        # Ticks since boot: unlike a wall-clock time they do not move when the clock is set. Fields are counted behind the program's name.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in {"Z", "X"} else fields[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except ProcessLookupError:
        return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except psutil.Error:
        return None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def _is_alive(run: dict[str, Any]) -> bool:
    return run["boot"] == _boot_id() and run["started"] is not None and _start_time(run["pid"]) == run["started"]


def _group_members(run: dict[str, Any]) -> list[int]:
    if run["boot"] != _boot_id():
        return []
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == run["pid"] and os.getsid(process.pid) == run["pid"] and _start_time(process.pid) is not None:
                members.append(process.pid)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    # A leader with another start time is another program's: then this group is not ours at all.
    return members if run["pid"] not in members or _is_alive(run) else []


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _exit_status(run: dict[str, Any]) -> int | None:
    try:
        left = json.loads((Path(run["folder"]) / EXIT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return int(left["status"]) if left.get("run_id") == run["run_id"] else None
