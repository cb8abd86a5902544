"""What the operating system says about processes and the machine: who is who, what they have used, what memory is free."""

import contextlib
import importlib.util
import os
import platform
import re
import sys
from pathlib import Path
from typing import Final

import psutil

from shared.constants import Accelerator

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_GPUS: Final = Path("/proc/driver/nvidia/gpus")


def start_time(pid: int) -> str | None:
    """A token that no later process with the same number shares; None when there is no such process, or only its corpse."""
    try:
        # Ticks since boot: unlike a wall-clock time they do not move when the clock is set.
        fields = _stat(pid)
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


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, of all its threads and of the children it has waited for."""
    try:
        fields = _stat(pid)
        return sum(int(field) for field in fields[11:15]) / _TICKS
    except (OSError, ValueError):
        pass
    try:
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def out_of_memory_kills() -> int:
    """How many processes the kernel has ended since boot for want of memory, in whatever group; 0 where that cannot be known."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def free_memory_bytes() -> int:
    return int(psutil.virtual_memory().available)


def machine_memory_bytes() -> int:
    """All memory that programs may use here: the machine's, or less where the kernel was told so for our group."""
    limits = [int(psutil.virtual_memory().total)]
    for file in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(file.read_text()))
    return min(limits)


def num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def product_name() -> str:
    """The machine's name by its firmware; clouds write the type there that was rented."""
    with contextlib.suppress(OSError):
        return Path("/sys/devices/virtual/dmi/id/product_name").read_text().strip()
    return ""


def accelerator_name() -> str | None:
    """The first card's, as its driver calls it; None where there is none."""
    if not num_accelerators():
        return None
    for card in sorted(_GPUS.iterdir()):
        with contextlib.suppress(OSError):
            found = re.search(r"^Model:\s*(.+)$", (card / "information").read_text(), re.MULTILINE)
            if found is not None:
                return found[1].strip()
    return None


def machine_facts() -> str:
    """The same for as long as measurements of this machine hold."""
    processor = platform.processor()
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        processor = found[1] if found is not None else processor
    return f"{processor}; {num_cores()} cores; {psutil.virtual_memory().total} bytes; {accelerator_name()}"


def num_accelerators() -> int:
    """Those that training may use, from what the driver shows; CUDA_VISIBLE_DEVICES narrows them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    installed = len(list(_GPUS.iterdir())) if _GPUS.is_dir() else 0
    if not installed or visible is None:
        return installed
    return min(installed, len([name for name in visible.split(",") if name.strip() not in {"", "-1"}]))


def accelerators() -> tuple[Accelerator, ...]:
    """The kinds that the trainer's torch can use here, as far as that is known without loading it, the best first."""
    if num_accelerators() and _torch_knows_cuda():
        return ("cuda",)
    return ("mps",) if sys.platform == "darwin" and platform.machine() == "arm64" else ()


def _torch_knows_cuda() -> bool:
    """Torch comes with CUDA or without; it says which in a file of its own."""
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    with contextlib.suppress(OSError):
        return re.search(r"^cuda\b[^=]*= *['\"]", Path(torch.origin).with_name("version.py").read_text(), re.MULTILINE) is not None
    return False


def _stat(pid: int) -> list[str]:
    """The fields behind the program's name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
