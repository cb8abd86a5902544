"""Trainers by the dozen: each a process of its own, forked from one that has loaded torch already. A start then costs a hundredth of a
second instead of three, and kill -9 is as deadly. Only `chaos_training.py` asks for them.

What a fork could hide (memory that two processes share from before, one seed of hashes) is looked for by comparing with a calm run, which
is a program that was started alone (`python -m scripts.chaos_nursery --spec FILE`) and tells of each step.
"""

import contextlib
import os
import signal
import sys
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

from scripts import prepare

_LOADED = ["scripts.chaos_nursery", "server.tuning.gpt2_tuning", "server.tuning.run", "server.tuning.export"]


class Trainer(Protocol):
    """A running trainer, however it was started. `kill` reaches whatever it started, too."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit status, a signal as a negative number; None while it lives."""

    def wait(self, timeout: float) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class ForkedTrainer:
    def __init__(self, spec: Path, output: Path) -> None:
        self._process = nursery().Process(target=_train, args=(spec, output), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"the trainer was not at its end after {timeout:.0f} s")
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        """A trainer that has not come so far as to lead a group of its own has started nobody."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.kill()


@cache
def nursery() -> ForkServerContext:
    """Asked for before it is needed, it is ready when it is."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    with contextlib.chdir(prepare.ROOT):  # Where it finds what it is to load.
        forkserver.ensure_running()
    return context


def _train(spec: Path, output: Path) -> None:
    """What the server's launcher makes of a start, from the session to the way out."""
    from server.tuning.gpt2_tuning import main

    os.setsid()
    os.environ["HF_HUB_OFFLINE"] = "1"
    handle = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    status = main(["--spec", str(spec)])
    sys.stdout.flush()
    os._exit(status)


def tell_of_each_step() -> None:
    """Otherwise a fast training tells of two steps a second, and another run of the same steps would tell of others."""
    from server.tuning import pace

    pace.SECONDS_BETWEEN_EVENTS = 0.0


if __name__ == "__main__":
    tell_of_each_step()
    from server.tuning.gpt2_tuning import main

    sys.exit(main(sys.argv[1:]))
