"""The learning rate at each step. Pure."""

import math

from shared.constants import Scheduler

FLOOR = 0.1
"""The last step's rate as a share of the peak."""


def rate_at(step: int, num_steps: int, *, peak: float, warmup_ratio: float, scheduler: Scheduler) -> float:
    """The rate of step `step` (1 to `num_steps`): rises in a line over the warm-up, then falls to a tenth of `peak` or stays."""
    warmup = round(warmup_ratio * num_steps)
    if step <= warmup:
        return peak * step / (warmup + 1)
    if scheduler == "constant":
        return peak
    done = (step - warmup) / max(1, num_steps - warmup)
    share = 1 - done if scheduler == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return peak * (FLOOR + (1 - FLOOR) * share)
