"""Lengths of examples in at most twenty bins with round borders. The few longest share the last bin, so that the rest stay apart."""

import numpy as np

from shared.wire import HistogramBin

_MOST_BINS = 20
_TAIL = 99
"""Per cent of the examples that the bins of equal width reach."""


def histogram(lengths: np.ndarray) -> list[HistogramBin]:
    """Every example is in one bin; bins follow each other without gaps, from the shortest to the longest."""
    shortest, longest = int(lengths.min()), int(lengths.max())
    width = _round_width(shortest, int(np.percentile(lengths, _TAIL)))
    first = shortest - shortest % width
    most = min((longest - first) // width + 1, _MOST_BINS)
    counts = np.bincount(np.minimum((lengths - first) // width, most - 1), minlength=most)
    lows = [first + place * width for place in range(most)]
    highs = [low - 1 for low in lows[1:]] + [max(longest, lows[-1] + width - 1) if most < _MOST_BINS else max(longest, lows[-1])]
    return [HistogramBin(low=low, high=high, count=int(count)) for low, high, count in zip(lows, highs, counts, strict=True)]


def _round_width(low: int, high: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50... with which one bin less than allowed reaches from `low` to `high`."""
    width, steps = 1, (2, 2.5, 2)
    turn = 0
    while high >= low - low % width + width * (_MOST_BINS - 1):
        width = int(width * steps[turn % 3])
        turn += 1
    return width
