"""This process and the machine it runs on: threads, memory, and the request to stop. Called by the two programs of this folder."""

import contextlib
import ctypes
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from server.tuning.cores import physical_cores
from server.tuning.failures import Cancelled


def set_up_torch(threads: int | None) -> int:
    """Use `threads` threads, or one for each physical core; returns how many. More than the cores makes their barriers collapse."""
    count = threads or physical_cores()
    torch.set_num_threads(count)
    torch.set_flush_denormal(True)
    return count


# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_MOST = 2**31 - 1
_MORE_AT_ONCE = 2**26


def keep_memory() -> None:
    """What is freed stays with this process. Usually glibc gives each large block back to the kernel at once, and the same bytes, asked for
    again by the next layer, come as fresh pages that must be zeroed: tens of thousands of page faults in every step of a training.

    For a program that trains and then ends. Another libc has other ways, and is left as it is.
    """
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _MOST), (_M_TOP_PAD, _MORE_AT_ONCE)):
            mallopt(name, value)


def memory_bytes() -> int:
    """Resident memory now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return peak_memory_bytes()


def peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class CpuMeter:
    """How busy this process kept the `threads` that it may use, since it was last asked."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._cpu_s, self._at = time.process_time(), time.monotonic()

    def percent(self) -> float:
        """100: all of them, all the time."""
        cpu_s, at = time.process_time(), time.monotonic()
        share = (cpu_s - self._cpu_s) / max(at - self._at, 1e-3) / self._threads
        self._cpu_s, self._at = cpu_s, at
        return round(min(100.0, 100 * share), 1)


class StopRequest:
    """SIGTERM (and Ctrl-C) as the exception `Cancelled`, raised once, in the main thread between two operations.

    Never inside `shielded`, but for the parts of it that are `heard`.
    """

    def __init__(self) -> None:
        self._asked = False
        self._open = True
        self._depth = 0

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._asked = True
        self._raise_if_open()

    def _raise_if_open(self) -> None:
        if self._asked and self._open and not self._depth:
            self.close()
            raise Cancelled

    def close(self) -> None:
        """From here on requests are ignored: the run has ended, or is on its way out and must not be interrupted there again."""
        self._open = False

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """A request that comes inside waits until the block is left."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        self._raise_if_open()

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """A part of a shielded block that may be interrupted anywhere; a request that came earlier is raised on entering."""
        depth, self._depth = self._depth, 0
        try:
            self._raise_if_open()
            yield
        finally:
            self._depth = depth
