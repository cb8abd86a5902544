"""When a training counts as run away: only when it is far above its start for many steps and not coming back."""

import random

import pytest

from server.tuning.divergence import has_run_away, start_of

START = 4.0


@pytest.mark.parametrize(
    "last", [[20.0] * 10, [13.0, 14, 15, 16, 17, 18, 19, 20, 21, 22], [90.0, 120, 95, 102, 90, 130, 95, 140, 122, 126]]
)
def test_a_loss_that_is_high_and_stays_so_has_run_away(last: list[float]) -> None:
    assert has_run_away(START, last)


@pytest.mark.parametrize(
    "last",
    [
        [3.0] * 10,
        [4.0, 11.0] * 5,
        [20.0] * 9 + [11.0],
        [40.0, 38, 36, 33, 30, 27, 24, 21, 18, 15],
    ],
    ids=["as at the start", "wobbling", "one step back in reach", "a spike that heals"],
)
def test_whatever_may_come_back_is_left_alone(last: list[float]) -> None:
    assert not has_run_away(START, last)


def test_a_small_loss_may_be_tripled_by_a_harder_batch() -> None:
    assert not has_run_away(0.2, [0.9] * 10)


def test_noise_around_any_level_never_counts() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        level = chance.uniform(0.05, 10.0)
        losses = [level * chance.lognormvariate(0.0, 0.5) for _ in range(40)]
        assert not has_run_away(start_of(losses[:10], level), losses[-10:])


def test_the_start_is_what_was_measured_before_training_moved_it() -> None:
    assert start_of([5.8, 9.0, 20.0, 100.0, 180.0], None) == 9.0
    assert start_of([5.8, 5.7, 5.6], 6.5) == 6.5
