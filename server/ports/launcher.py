"""Starts programs that outlive the server, and tells what became of them.

Laws (`tests/contracts/test_launcher.py`): `start` is idempotent by run id while the run's folder is there, also between two servers and
after one that died in the middle of it; a handle is a string that survives a restart; a process that merely has the same number as the
run's is never taken for it and never signalled; output goes to a file, never a pipe; nothing here waits for a program.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

_POLL_S: Final = 0.05
Program = Literal["train", "generate", "test", "serve", "export"]


@dataclass(frozen=True)
class Launch:
    """`program` with `arguments` in `folder`, where its output file goes."""

    run_id: str
    program: Program
    arguments: Sequence[str]
    folder: Path


@dataclass(frozen=True)
class RunStatus:
    """`exit_status` is what the program itself wrote down on its way out; None while it runs, and None for ever when it crashed.

    `cpu_s` is the processor time that the program and what it started have used. Of a run that is over without a status the last four
    say what is known: the signal that ended it, whether the machine was started anew, whether the system ended programs for want of memory,
    whether it was on another machine.
    """

    alive: bool
    exit_status: int | None
    cpu_s: float = 0.0
    ended_by_signal: int | None = None
    rebooted: bool = False
    out_of_memory: bool = False
    elsewhere: bool = False


class Launcher(Protocol):
    def start(self, launch: Launch) -> str:
        """The run's handle. Raises `Unavailable` when the program cannot be started: with the code `launcher.busy` when another server
        is about to start this run, and it is worth coming back."""
        ...

    def poll(self, handle: str) -> RunStatus: ...

    def stop(self, handle: str, *, force: bool) -> bool:
        """Asks the program's whole process group to end, or ends it by force. True when none of it is left."""
        ...

    def started_in(self, folder: Path) -> dict[str, str]:
        """The handles of everything that was ever started in a folder of this machine, by run id."""
        ...

    def read(self, handle: str, cursor: int, *, limit: int = 65_536) -> tuple[bytes, int]:
        """Output from byte `cursor` on, and the next cursor."""
        ...


def stop_and_wait(launcher: Launcher, handle: str, *, grace_s: float) -> None:
    """Ends a program for good, by force after the grace time. For those who can wait; the supervisor cannot."""
    deadline = time.monotonic() + grace_s
    launcher.stop(handle, force=False)
    while launcher.poll(handle).alive and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    while not launcher.stop(handle, force=True):
        time.sleep(_POLL_S)


def end_all_in(folder: Path, launcher: Launcher) -> None:
    """Ends whatever still works in a folder, and waits until it is gone."""
    for handle in launcher.started_in(folder).values():
        while not launcher.stop(handle, force=True):
            time.sleep(_POLL_S)


def last_words(launcher: Launcher, handle: str | None) -> str:
    """The last line that a program printed, at most 300 characters; empty when it printed none, or never started."""
    data, cursor = b"", 0
    while handle is not None:
        more, cursor = launcher.read(handle, cursor)
        if not more:
            break
        data = (data + more)[-4_000:]
    lines = [line for line in data.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
