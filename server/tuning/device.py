"""Where a run computes: the processor, or an accelerator that torch finds on this machine; and how busy that is."""

import contextlib

import torch

from server.tuning import failures
from shared.constants import Accelerator
from shared.job_spec import JobSpec


def usable() -> list[Accelerator]:
    """What torch can compute with here, the processor last."""
    found: list[Accelerator] = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def device_of(spec: JobSpec) -> torch.device:
    """Raises the failure `no_accelerator`: a run that was planned for a card is not begun on a processor a hundred times slower."""
    wanted, there = spec.settings.accelerator, usable()
    if wanted not in there:
        raise failures.no_accelerator(wanted, there)
    if wanted != "cuda":
        return torch.device(wanted)
    number = spec.accelerator or 0
    if number >= torch.cuda.device_count():
        raise failures.no_accelerator(f"cuda:{number}", there)
    return torch.device("cuda", number)


def release_memory(device: torch.device) -> None:
    """Gives back what torch keeps of a card's memory for later, in pieces that may be too small."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def busy_percent(device: torch.device) -> float | None:
    """What the card's own meter says. None for a processor, and where the driver's library for Python is not installed."""
    if device.type != "cuda":
        return None
    with contextlib.suppress(Exception):  # Whatever a driver may do: a meter that fails must not end a training.
        return float(torch.cuda.utilization(device))
    return None
