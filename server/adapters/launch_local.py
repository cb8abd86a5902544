"""Runs programs as processes of this machine, each in a session of its own, so that they outlive the server.

A process is known by its number, its start time and the boot it belongs to: a number alone is reused by innocents.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psutil
import structlog

from server.adapters.processes import boot_id, cpu_seconds, out_of_memory_kills, start_time
from server.adapters.programs import Programs
from server.adapters.standby_local import StandbyTrainer
from server.errors import Unavailable
from server.ports.launcher import Launch, Program, RunStatus
from shared.job_spec import EXIT_FILE, NOTE_PREFIX, OUTPUT_FILE, run_note

MODULES: Final[dict[Program, str]] = {
    "train": "server.tuning.gpt2_tuning",
    "generate": "server.tuning.worker",
    "test": "server.tuning.evaluation",
    "serve": "server.tuning.llama_worker",
    "export": "server.tuning.gguf_export",
}
_MARK: Final = "LLM_TUNER_RUN_ID"
"""In a program's environment: by it a program is found whose server died before it could write down that it had started it."""
_log = structlog.get_logger()


class LocalLauncher:
    """`modules` are the programs' names; a training goes to the `standby` trainer where one is ready."""

    def __init__(self, programs: Programs, *, modules: Mapping[Program, str] = MODULES, standby: StandbyTrainer | None = None) -> None:
        self._programs = programs
        self._modules = modules
        self._standby = standby
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, launch: Launch) -> str:
        note = run_note(launch.folder, launch.run_id)
        try:
            with _one_at_a_time(launch.folder):
                if note.exists():
                    return note.read_text()
                orphan = _orphan(launch.run_id)
                if orphan is None and (handle := self._given_to_standby(launch, note)) is not None:
                    return handle
                handle = self._handle(launch, orphan or self._started(launch))
                _write_durably(note, handle)
                return handle
        except OSError as error:
            raise Unavailable("The training program could not be started on this machine.", code="launcher.failed") from error

    def poll(self, handle: str) -> RunStatus:
        run = json.loads(handle)
        child = self._children.get(run["run_id"])
        ended_by = None if child is None or (code := child.poll()) is None or code >= 0 else -code
        if _is_alive(run):
            return RunStatus(alive=True, exit_status=_exit_status(run), cpu_s=cpu_seconds(run["pid"]))
        rebooted = run["boot"] != boot_id()
        return RunStatus(
            alive=False,
            exit_status=_exit_status(run),
            ended_by_signal=ended_by,
            rebooted=rebooted,
            # Only a kill from outside can have been the kernel's; of another server's child the way it ended cannot be known.
            out_of_memory=not rebooted and ended_by in {None, signal.SIGKILL} and out_of_memory_kills() > run.get("memory_kills", 0),
        )

    def stop(self, handle: str, *, force: bool) -> bool:
        run = json.loads(handle)
        # The leader may be gone while something it started is not. Its number cannot be anybody else's group as long as a member lives.
        if not _group_members(run):
            self._children.pop(run["run_id"], None)
            return True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run["pid"], signal.SIGKILL if force else signal.SIGTERM)
        self.poll(handle)
        return not _group_members(run)

    def started_in(self, folder: Path) -> dict[str, str]:
        return {note.stem.removeprefix(NOTE_PREFIX): note.read_text() for note in folder.glob(f"{NOTE_PREFIX}*.json")}

    def read(self, handle: str, cursor: int, *, limit: int = 65_536) -> tuple[bytes, int]:
        try:
            with (Path(json.loads(handle)["folder"]) / OUTPUT_FILE).open("rb") as file:
                file.seek(cursor)
                data = file.read(limit)
        except FileNotFoundError:
            return b"", cursor
        return data, cursor + len(data)

    def _started(self, launch: Launch) -> int:
        child = self._programs.start(
            self._modules[launch.program], launch.arguments, output=launch.folder / OUTPUT_FILE, mark={_MARK: launch.run_id}
        )
        self._children[launch.run_id] = child
        return child.pid

    def _given_to_standby(self, launch: Launch, note: Path) -> str | None:
        """The run's handle when the standby trainer has it. None: there is none, or it did not answer and is gone for certain.

        The note comes before the word: a server that dies in between leaves a run that is that trainer's, and nobody else's.
        """
        if launch.program != "train" or self._standby is None or (waiting := self._standby.reserved()) is None:
            return None
        handle = self._handle(launch, waiting.child.pid)
        try:
            waiting.write_go(launch, note=handle, mark={_MARK: launch.run_id})
            _write_durably(note, handle)
            if waiting.takes():
                self._children[launch.run_id] = waiting.child
                return handle
        except OSError as error:
            _log.warning("standby_failed", run=launch.run_id, reason=str(error))
        _log.warning("standby_did_not_answer", run=launch.run_id)
        waiting.end()
        note.unlink(missing_ok=True)
        return None

    def _handle(self, launch: Launch, pid: int) -> str:
        return json.dumps(
            {
                "run_id": launch.run_id,
                "pid": pid,
                "started": start_time(pid),
                "boot": boot_id(),
                "folder": str(launch.folder),
                "memory_kills": out_of_memory_kills(),
            }
        )


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """The folder's lock against another server that starts the same run; the system frees it when its holder dies."""
    with (folder / "launching").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable("Another server is starting this run.", code="launcher.busy", retry_after_s=1) from error
        yield


def _orphan(run_id: str) -> int | None:
    """A living program of this run that nobody wrote down."""
    mark = f"{_MARK}={run_id}".encode()
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):
            # A program's own children inherit the mark; the program itself leads its session.
            if mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0") and os.getsid(process.pid) == process.pid:
                return int(process.pid)
    return None


def _write_durably(file: Path, text: str) -> None:
    partial = file.with_suffix(".partial")
    with partial.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


def _is_alive(run: dict[str, Any]) -> bool:
    return run["boot"] == boot_id() and run["started"] is not None and start_time(run["pid"]) == run["started"]


def _group_members(run: dict[str, Any]) -> list[int]:
    if run["boot"] != boot_id():
        return []
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == run["pid"] and os.getsid(process.pid) == run["pid"] and start_time(process.pid) is not None:
                members.append(process.pid)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    # A leader with another start time is another program's: then this group is not ours at all.
    return members if run["pid"] not in members or _is_alive(run) else []


def _exit_status(run: dict[str, Any]) -> int | None:
    try:
        left = json.loads((Path(run["folder"]) / EXIT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return int(left["status"]) if left.get("run_id") == run["run_id"] else None
