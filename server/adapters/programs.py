"""How a program of ours is started as a process of this machine: in a session of its own, with an environment that is an allow-list."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# All that a program inherits. No cloud keys, no signing secret: what is not in its environment cannot leave through it.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Programs:
    """`repository` is where the programs' modules lie; `environment` is added to every program's own."""

    repository: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, module: str, arguments: Sequence[str], *, output: Path, mark: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """`mark` goes into its environment, too. What it prints is appended to the file `output`."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONPATH": str(self.repository), "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **self.environment, **mark}
        with output.open("ab") as stream:
            return subprocess.Popen(  # noqa: S603 - a fixed program; the arguments are ids and paths of our own making
                [sys.executable, "-m", module, *arguments],
                cwd=self.repository,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
