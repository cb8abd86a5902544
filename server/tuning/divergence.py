"""Has a training run away? Pure. A wobble must never count: only a loss that is high, stays high, and does not come back."""

from collections.abc import Sequence
from statistics import mean, median

_TIMES = 3.0
_NATS = 2.0


def has_run_away(first: Sequence[float], last: Sequence[float]) -> bool:
    """`first` and `last`: the losses of as many steps each, the latter past the warm-up.

    Every one of the last is three times the start, and two nats above it (a small start is tripled by a harder batch), and the younger
    half is no better than the older: a spike that heals is left alone.
    """
    start = median(first)
    if min(last) < max(_TIMES * start, start + _NATS):
        return False
    half = len(last) // 2
    return mean(last[half:]) >= mean(last[:half])
