"""Runs the reading in a child of its own with limits on memory and time, and says in words when the child died of them.

A library that aborts, a bomb, a loop: whatever kills the child, the person still gets an answer that names a way out.
"""

import os
import resource
import select
import signal
import time
from collections.abc import Callable

MAX_MEMORY_BYTES = 960 << 20
"""Of address space, so that the child and whoever watches it stay below a gigabyte together."""
BASE_S = 19
"""A second less than the server waits, so that the words come from here."""
BYTES_PER_S = 8 << 20
_TOO_LARGE = "Split it into smaller files, or save it in a simpler form, such as JSONL or plain text."


def answer_of(work: Callable[[], bytes], num_bytes: int) -> bytes | tuple[str, str]:
    """What `work` returns, or (what happened, what to do about it)."""
    seconds = BASE_S + num_bytes / BYTES_PER_S
    end, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        _work(work, write, seconds)
    os.close(write)
    answer = _read(end, time.monotonic() + seconds)
    if answer is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if answer is None or os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM):
        return f"Reading this file takes longer than the {seconds:.0f} seconds that are allowed.", _TOO_LARGE
    if status or not answer:
        return "This file cannot be read: it takes too much memory, or is damaged in a way that stops the reader.", _TOO_LARGE
    return answer


def _work(work: Callable[[], bytes], write: int, seconds: float) -> None:
    """Never returns."""
    status = 1
    try:
        limit(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
        limit(resource.RLIMIT_CPU, round(seconds) + 1)
        limit(resource.RLIMIT_CORE, 0)
        signal.alarm(round(seconds) + 5)  # in case whoever watches has been killed
        with open(write, "wb") as out:  # noqa: PTH123 - a descriptor
            out.write(work())
        status = 0
    finally:
        os._exit(status)


def _read(end: int, deadline: float) -> bytes | None:
    """Everything that comes until the other side closes; None when it takes too long."""
    pieces: list[bytes] = []
    with open(end, "rb", buffering=0) as stream:  # noqa: PTH123 - a descriptor
        while True:
            ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            piece = stream.read(1 << 16)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)


def limit(kind: int, wanted: int) -> None:
    """Lowers the limit, or keeps a lower one that the caller has set already."""
    _, hard = resource.getrlimit(kind)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (most, most))
