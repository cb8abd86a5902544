"""How many runs there may be at once, and what each may use: a slot for each accelerator, one where there is none."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass

from server.domain.jobs.specs import Device


@dataclass(frozen=True)
class Slots:
    """Two busy programs on one processor slow each other many times over (their threads spin at barriers), so without accelerators
    there is one slot unless the operator says otherwise, and each run gets its share of the threads."""

    number: int
    num_accelerators: int
    threads: int | None
    free_memory_bytes: Callable[[], int]

    def fits(self, memory_bytes: int, *, num_running: int) -> bool:
        """Whether one more run may start now. The first may always: a forecast can be wrong, and nothing else would free memory."""
        if num_running >= self.number:
            return False
        return num_running == 0 or num_running < self.num_accelerators or memory_bytes <= self.free_memory_bytes()

    def free(self, taken: Collection[int]) -> int:
        """The lowest slot that no run has."""
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def threads_beside(self, num_running: int) -> int | None:
        """What a program may use that runs beside so many trainings: all threads alone, else a share."""
        if not num_running or self.num_accelerators:
            return self.threads
        return max(1, (self.threads or os.cpu_count() or 1) // (num_running + 1))

    def device(self, slot: int) -> Device:
        """What the run in this slot may use."""
        threads = self.threads
        if self.number > 1:
            threads = max(1, (threads or os.cpu_count() or 1) // self.number)
        return Device(threads, slot % self.num_accelerators if self.num_accelerators > 1 else None)


def slots(*, max_runs: int | None, num_accelerators: int, threads: int | None, free_memory_bytes: Callable[[], int]) -> Slots:
    """`max_runs` is the operator's word; without it there are as many slots as accelerators, and one at least."""
    return Slots(max_runs or max(1, num_accelerators), num_accelerators, threads, free_memory_bytes)
