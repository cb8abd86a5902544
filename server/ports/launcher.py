"""Starts programs that outlive the server, and tells what became of them.

Laws (`tests/contracts/test_launcher.py`): `start` is idempotent by run id while the run's folder is there; a handle is a string that
survives a restart; a process that merely has the same number as the run's is never taken for it and never signalled; output goes to a file,
never a pipe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Program = Literal["train", "generate"]


@dataclass(frozen=True)
class Launch:
    """`program` with `arguments` in `folder`, where its output file goes."""

    run_id: str
    program: Program
    arguments: Sequence[str]
    folder: Path


@dataclass(frozen=True)
class RunStatus:
    """`exit_status` is what the program itself wrote down on its way out; None while it runs, and None for ever when it crashed."""

    alive: bool
    exit_status: int | None


class Launcher(Protocol):
    def start(self, launch: Launch) -> str:
        """The run's handle. Raises `Unavailable` when the program cannot be started."""
        ...

    def poll(self, handle: str) -> RunStatus: ...

    def stop(self, handle: str, *, grace_s: float) -> None:
        """Asks the whole process group to end, and ends it by force after the grace time. Returns when it is gone."""
        ...

    def read(self, handle: str, cursor: int, *, limit: int = 65_536) -> tuple[bytes, int]:
        """Output from byte `cursor` on, and the next cursor."""
        ...
