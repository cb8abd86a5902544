"""IMPROVED, NO CHANGE or REGRESSED: what may be said about a tuned model after both were graded on the same items. Pure.

Verdict and interval cannot contradict each other: the verdict is whether the interval excludes 0.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, Literal

import numpy as np

from server.tuning.testing.intervals import Bounds, interval_of
from shared.wire import Interval, Metric, Verdict

CONFIDENCE: Final = 0.95
FEWEST_ITEMS: Final = 8
"""With fewer, a model and itself can differ by chance as much as any two models."""
_LEVEL: Final = 0.975
"""What the interval is computed at, so that with few, skewed or yes-and-no values it still holds what `CONFIDENCE` promises."""
_FEWEST_DIFFERENT: Final = 7
"""Signs of six differences agree by chance once in 32 times, of seven once in 64, which the level asks for."""
_ROUGH: Final = 30
_MOST_NEEDED: Final = 1_000_000
_OF_METRIC: Final = {
    "accuracy": "share of right answers",
    "similarity": "mean similarity to the expected texts",
    "absolute_error": "mean distance from the expected scores",
    "expected_loss": "mean loss on the expected texts",
}


def verdict_on(
    metric: Metric, base: Sequence[float | None], tuned: Sequence[float | None], *, num_resamples: int = 10_000, num_leaked: int = 0
) -> Verdict:
    """`base` and `tuned` are the metric's values, item by item; None where one could not be graded, which leaves the pair out.

    `num_leaked` items are known from the training data; the trust says so.
    """
    pairs = np.array([(b, t) for b, t in zip(base, tuned, strict=True) if b is not None and t is not None]).reshape(-1, 2)
    num_left_out = len(base) - len(pairs)
    differences = pairs[:, 1] - pairs[:, 0]
    mean = float(differences.mean()) if len(pairs) else 0.0
    bounds = _bounds(differences, num_resamples)
    found = _found(metric, len(pairs), bounds)
    gains = differences if metric.higher_is_better else -differences
    needed = _needed(differences, mean) if found == "no_change" else None
    return Verdict(
        verdict=found,
        metric=metric,
        base=float(pairs[:, 0].mean()) if len(pairs) else None,
        tuned=float(pairs[:, 1].mean()) if len(pairs) else None,
        difference=mean,
        interval=Interval(low=bounds.low, high=bounds.high),
        confidence=CONFIDENCE,
        num_items=len(pairs),
        num_items_needed=needed,
        num_better=int((gains > 0).sum()),
        num_worse=int((gains < 0).sum()),
        num_equal=int((gains == 0).sum()),
        trust=" ".join(_trust(metric, found, differences, mean, bounds, needed, num_left_out, num_leaked)),
    )


def _bounds(differences: np.ndarray, num_resamples: int) -> Bounds:
    """Of too few differences all that can be said is where they lie, and 0 is never outside."""
    if len(differences) < FEWEST_ITEMS:
        return Bounds(float(differences.min(initial=0.0)), float(differences.max(initial=0.0)))
    return interval_of(differences, level=_LEVEL, num_resamples=num_resamples)


def _found(metric: Metric, num_items: int, bounds: Bounds) -> Literal["improved", "no_change", "regressed"]:
    if num_items < FEWEST_ITEMS or bounds.low <= 0 <= bounds.high:
        return "no_change"
    return "improved" if (bounds.low > 0) == metric.higher_is_better else "regressed"


def _needed(differences: np.ndarray, mean: float) -> int | None:
    """About how many items like these would exclude 0, were the difference what it seems: so many that the sign-flip test's normal limit
    does, and that enough of them differ at all for it to have a say."""
    if not mean or len(differences) < 2:
        return None
    spread = NormalDist().inv_cdf((1 + _LEVEL) / 2) * math.sqrt(float((differences**2).mean())) / abs(mean)
    differ = float((differences != 0).mean())
    needed = max(FEWEST_ITEMS, len(differences) + 1, math.ceil(spread**2), math.ceil(_FEWEST_DIFFERENT / differ))
    return needed if needed <= _MOST_NEEDED else None


def _trust(
    metric: Metric, found: str, differences: np.ndarray, mean: float, bounds: Bounds, needed: int | None, num_left_out: int, num_leaked: int
) -> list[str]:
    n = len(differences)
    said = [_reason(metric, found, differences, mean, bounds, needed)] if n else ["No item could be graded on both models."]
    if found != "no_change" and n < _ROUGH:
        said.append(f"With only {n} items, how large the difference is remains rough.")
    if num_left_out and n:
        said.append(
            f"{num_left_out} item{'s' if num_left_out > 1 else ''} could not be graded on both models and {_are(num_left_out)} left out."
        )
    if num_leaked and n:
        said.append(f"{num_leaked} of the items {_are(num_leaked)} in the training data: they show memory, not skill.")
    return said


def _are(count: int) -> str:
    return "are" if count > 1 else "is"


def _reason(metric: Metric, found: str, differences: np.ndarray, mean: float, bounds: Bounds, needed: int | None) -> str:
    n, of = len(differences), _OF_METRIC[metric.name]
    if not differences.any():
        return f"Both models came to the same on {'each of the' if n > 1 else 'the'} {n} item{'s' if n > 1 else ''}."
    if n < FEWEST_ITEMS:
        return f"{n} item{'s are' if n > 1 else ' is'} too few to tell a change from chance: use at least {FEWEST_ITEMS}, better 50."
    if found != "no_change":
        direction = "higher" if mean > 0 else "lower"
        near, far = sorted((abs(bounds.low), abs(bounds.high)))
        return (
            f"The tuned model's {of} is {_short(abs(mean))} {direction} than the base's on these {n} items, and on many more like them it "
            f"would be {_short(near)} to {_short(far)} {direction}; chance alone rarely does that."
        )
    if not mean:
        return f"On these {n} items the gains and the losses are equal."
    more = "" if needed is None else f" If it is real, about {needed:,} items like these would show it."
    return f"The {of} differs by {_short(abs(mean))}, which chance alone may do with {n} items.{more}"


def _short(value: float) -> str:
    return f"{value:.3g}"
