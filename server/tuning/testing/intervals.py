"""How sure one can be of a mean of paired differences: two intervals that fail in different places, and the hull of both.

A percentile bootstrap says "changed" of a model and itself in 10 % of comparisons with a dozen items (docs/decisions/0014-verdicts.md has
the figures), so it is widened as Student's t is wider than the normal. What resampling cannot know, that four lucky answers of twenty
are luck, the sign-flip test does. Deterministic: the same differences give the same interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

_SEED: Final = 20_261_123
_MOST_ENUMERATED = 12
"""Up to so many differences all 2 to the n ways to flip their signs are looked at; beyond, as many by chance as there are resamples."""
_AT_ONCE = 1 << 21
"""Numbers drawn at a time, so that memory stays flat."""
_HALVINGS = 60


@dataclass(frozen=True)
class Bounds:
    low: float
    high: float

    def hull(self, other: "Bounds") -> "Bounds":
        return Bounds(min(self.low, other.low), max(self.high, other.high))


def interval_of(differences: np.ndarray, *, level: float, num_resamples: int) -> Bounds:
    """An interval for the mean of these (n,) differences, n at least 2. It holds 0 where either way of looking cannot exclude it."""
    noise = np.random.default_rng(_SEED)
    return bootstrap(differences, noise, level, num_resamples).hull(sign_flips(differences, noise, level, num_resamples))


def bootstrap(differences: np.ndarray, noise: np.random.Generator, level: float, num_resamples: int) -> Bounds:
    """Percentiles of the means of resamples (Efron and Tibshirani, 1993), drawn away from the mean by what n - 1 degrees of freedom and
    the narrowness of a resample's spread cost (Hesterberg, 2015)."""
    n, mean, tail = len(differences), float(differences.mean()), (1 - level) / 2
    means = np.concatenate([differences[noise.integers(0, n, (count, n))].mean(1) for count in _shares(num_resamples, n)])
    low, high = np.quantile(means, [tail, 1 - tail])
    wider = math.sqrt(n / (n - 1)) * _student(1 - tail, n - 1) / NormalDist().inv_cdf(1 - tail)
    return Bounds(mean + wider * (float(low) - mean), mean + wider * (float(high) - mean))


def sign_flips(differences: np.ndarray, noise: np.random.Generator, level: float, num_resamples: int) -> Bounds:
    """All shifts d for which "the differences lie evenly about d" is not refuted: half of those that flip signs about d differ as much.

    Exact whatever the differences look like, where base and tuned could be exchanged (Fisher, 1935); cut off at the outermost differences.
    """
    n, mean, most = len(differences), float(differences.mean()), 1 - level
    sums, counts = _flipped(differences, noise, num_resamples)
    total = float(differences.sum())
    rounding = 1e-9 * float(np.abs(differences).sum())

    def refuted(shift: float) -> bool:
        extreme = np.abs(sums - shift * counts) >= abs(total - shift * n) - rounding - 1e-12 * abs(shift) * n
        return float(extreme.mean()) <= most

    bounds = Bounds(_edge(float(differences.min()), mean, refuted), _edge(float(differences.max()), mean, refuted))
    return bounds if refuted(0.0) else bounds.hull(Bounds(0.0, 0.0))


def _edge(outermost: float, mean: float, refuted: Callable[[float], bool]) -> float:
    """The shift nearest to the mean that is refuted, or the outermost where not even that is."""
    if not refuted(outermost):
        return outermost
    outside, inside = outermost, mean
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if refuted(middle) else (outside, middle)
    return outside


def _flipped(differences: np.ndarray, noise: np.random.Generator, num_resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """For each way to choose signs, the sum of the signed differences and the sum of the signs; the signs as they are come first."""
    n = len(differences)
    if n <= _MOST_ENUMERATED:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return signs @ differences, signs.sum(1)
    sums, counts = [np.array([differences.sum()])], [np.array([float(n)])]
    for count in _shares(num_resamples, n):
        signs = 1.0 - 2.0 * noise.integers(0, 2, (count, n), dtype=np.int8)
        sums.append(signs @ differences)
        counts.append(signs.sum(1))
    return np.concatenate(sums), np.concatenate(counts)


def _shares(total: int, n: int) -> list[int]:
    """`total` in parts of which each takes about `_AT_ONCE` numbers."""
    part = max(1, _AT_ONCE // n)
    return [min(part, total - start) for start in range(0, total, part)]


def _student(share: float, freedom: int) -> float:
    """Quantile of Student's t by the expansion of Cornish and Fisher: good to 1 % at 7 degrees of freedom, and better beyond."""
    z, v = NormalDist().inv_cdf(share), freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3
