"""What may be said about a tuned model: sure things are said, chance is not taken for a change, and few items for no proof."""

import numpy as np
import pytest

from server.tuning.testing.intervals import bootstrap, interval_of, sign_flips
from server.tuning.testing.verdict import verdict_on
from shared.wire import Metric

RIGHT = Metric(name="accuracy", words="right answers", higher_is_better=True)
ERROR = Metric(name="absolute_error", words="distance from the expected score", higher_is_better=False)


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, size)


def test_a_clear_gain_is_improved_whichever_way_is_better() -> None:
    base = (5 + noise(40)).tolist()
    lower = (3 + noise(40, 1)).tolist()
    assert verdict_on(ERROR, base, lower).verdict == "improved"
    assert verdict_on(ERROR, lower, base).verdict == "regressed"
    assert verdict_on(RIGHT, base, lower).verdict == "regressed"
    said = verdict_on(ERROR, base, lower)
    assert said.interval.low <= said.difference <= said.interval.high < 0
    assert said.num_better + said.num_worse + said.num_equal == said.num_items == 40
    assert "lower than the base's" in said.trust
    assert said.num_items_needed is None


def test_the_same_values_give_the_same_verdict_to_the_last_digit() -> None:
    base, tuned = noise(60).tolist(), (noise(60, 1) + 0.3).tolist()
    assert verdict_on(ERROR, base, tuned) == verdict_on(ERROR, base, tuned)


def test_a_model_against_itself_is_no_change() -> None:
    said = verdict_on(RIGHT, [1, 0] * 20, [1, 0] * 20)
    assert (said.verdict, said.difference, said.interval.low, said.interval.high) == ("no_change", 0, 0, 0)
    assert said.trust == "Both models came to the same on each of the 40 items."
    assert said.num_items_needed is None


def test_the_same_gain_on_every_item_is_improved() -> None:
    said = verdict_on(RIGHT, [0.25] * 12, [0.5] * 12)
    assert said.verdict == "improved"
    assert said.interval.low == pytest.approx(0.25) and said.interval.high == pytest.approx(0.25)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_few_items_prove_nothing(size: int) -> None:
    said = verdict_on(RIGHT, [0.0] * size, [1.0] * size)
    assert said.verdict == "no_change"
    assert said.interval.low <= 0
    assert "too few" in said.trust


def test_no_items_are_no_change_and_no_crash() -> None:
    said = verdict_on(RIGHT, [None, 1.0], [1.0, None])
    assert (said.verdict, said.num_items, said.base, said.tuned) == ("no_change", 0, None, None)
    assert said.trust == "No item could be graded on both models."


def test_a_pair_with_one_value_is_left_out_and_told_of() -> None:
    said = verdict_on(RIGHT, [0.0] * 10 + [None, 1.0], [1.0] * 10 + [0.0, None])
    assert (said.num_items, said.verdict) == (10, "improved")
    assert "2 items could not be graded" in said.trust


def test_four_lucky_answers_of_twenty_are_luck_and_seven_are_not() -> None:
    base = [0.0] * 20
    lucky = verdict_on(RIGHT, base, [1.0] * 4 + [0.0] * 16)
    assert lucky.verdict == "no_change"
    assert lucky.num_items_needed == 35  # Then about seven would differ.
    assert verdict_on(RIGHT, base, [1.0] * 7 + [0.0] * 13).verdict == "improved"


def test_the_number_of_items_that_is_asked_for_would_do() -> None:
    base, tuned = noise(30).tolist(), (noise(30, 1) - 0.25).tolist()
    said = verdict_on(ERROR, base, tuned)
    assert said.verdict == "no_change" and said.num_items_needed is not None
    times = said.num_items_needed // 30 + 1
    assert verdict_on(ERROR, base * times, tuned * times).verdict == "improved"
    assert verdict_on(ERROR, base * max(1, times // 3), tuned * max(1, times // 3)).verdict == "no_change"


def test_leaks_lower_the_trust() -> None:
    assert "3 of the items are in the training data" in verdict_on(RIGHT, [0.0] * 10, [1.0] * 10, num_leaked=3).trust


def test_the_bootstrap_is_about_as_wide_as_students_interval() -> None:
    # 2.365 is Student's quantile for 97.5 % and 7 degrees of freedom; 2.009 for 49.
    for size, quantile in ((8, 2.365), (50, 2.009)):
        values = noise(size, 4)
        found = bootstrap(values, np.random.default_rng(0), 0.95, 20_000)
        exact = quantile * values.std(ddof=1) / size**0.5
        assert (found.high - found.low) / 2 == pytest.approx(exact, rel=0.08)


def test_the_sign_flip_interval_agrees_with_counting_by_hand() -> None:
    # Eight equal gains: only all signs alike are as extreme, 2 of 256, so 0 is outside at 97.5 % and at 99 % and inside at 99.5 %.
    gains = np.arange(1.0, 9.0)
    for level, excluded in ((0.975, True), (0.99, True), (0.995, False)):
        assert (sign_flips(gains, np.random.default_rng(0), level, 1000).low > 0) == excluded


def test_an_interval_holds_the_truth_about_as_often_as_it_promises() -> None:
    chance = np.random.default_rng(5)
    missed = 0
    for _ in range(200):
        found = interval_of(chance.normal(0.4, 1, 15), level=0.975, num_resamples=1000)
        missed += not found.low <= 0.4 <= found.high
    assert missed <= 10


def test_memory_does_not_grow_with_the_items() -> None:
    assert verdict_on(ERROR, noise(5000).tolist(), (noise(5000, 1) + 0.2).tolist(), num_resamples=2000).verdict == "regressed"
