"""How many cores there are to compute on. No torch here: not every program of this folder needs it."""

import os
from pathlib import Path


def physical_cores() -> int:
    """Physical cores that this process may use (hyper-threads of one core share its multipliers, so they do not count)."""
    allowed = os.sched_getaffinity(0)
    cores = {_core_of(cpu) for cpu in allowed}
    return max(1, min(len(cores), len(allowed)))


def _core_of(cpu: int) -> str:
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)
