"""Has a training run away? Pure. A wobble must never count: only a loss that is high, stays high, and does not come back."""

from collections.abc import Sequence
from statistics import mean, median

_TIMES = 3.0
_NATS = 2.0
_FIRST_STEPS = 3


def start_of(first: Sequence[float], validation_loss: float | None) -> float:
    """What the loss was before training moved it: of the first steps, or of the validation, where that is harder."""
    return max(median(first[:_FIRST_STEPS]), validation_loss or 0.0)


def has_run_away(start: float, last: Sequence[float]) -> bool:
    """`last`: the losses of some steps in a row, past the warm-up.

    Each of them is three times the start, and two nats above it (a small start is tripled by a harder batch), and the younger half is no
    better than the older: a spike that heals is left alone.
    """
    if min(last) < max(_TIMES * start, start + _NATS):
        return False
    half = len(last) // 2
    return mean(last[half:]) >= mean(last[:half])
