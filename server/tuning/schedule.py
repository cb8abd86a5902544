"""How many steps a run takes, how much each one reads, and its learning rate. Pure."""

import math

from shared.constants import Scheduler
from shared.job_spec import RunSettings

FLOOR = 0.1
"""The last step's rate as a share of the peak."""


def rate_at(step: int, num_steps: int, *, peak: float, warmup_ratio: float, scheduler: Scheduler) -> float:
    """The rate of step `step` (1 to `num_steps`): rises in a line over the warm-up, then falls to a tenth of `peak` or stays."""
    warmup = warmup_steps(num_steps, warmup_ratio)
    if step <= warmup:
        return peak * step / (warmup + 1)
    if scheduler == "constant":
        return peak
    done = (step - warmup) / max(1, num_steps - warmup)
    share = 1 - done if scheduler == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return peak * (FLOOR + (1 - FLOOR) * share)


def warmup_steps(num_steps: int, warmup_ratio: float) -> int:
    return round(warmup_ratio * num_steps)


def batch_shape(settings: RunSettings, num_blocks: int) -> tuple[int, int]:
    """Blocks a micro-batch and micro-batches a step; never more blocks a step than there are."""
    size = min(settings.batch_size, num_blocks)
    return size, max(1, min(settings.gradient_accumulation, num_blocks // size))


def num_steps(settings: RunSettings, num_blocks: int) -> int:
    if settings.max_steps:
        return settings.max_steps
    return max(1, round(num_blocks * settings.epochs / math.prod(batch_shape(settings, num_blocks))))
