"""How long is left: right from the fifth step on, at once after a resume, and never more than what is really left to do."""

from typing import Any

import pytest

from server.tuning.pace import Pace

STEPS, STEP_S, EVALUATION_S, TAIL_S = 100, 0.5, 2.0, 4.0
SLOW_FIRST_STEP_S = 6.0


def trained(until: int, *, before: Pace | None = None, first_step_s: float = SLOW_FIRST_STEP_S) -> Pace:
    """A run of equal steps but for each process's first, with one evaluation that is over and three to come."""
    numbers: dict[str, Any] | None = before.numbers() if before is not None else None
    pace = Pace(STEPS, TAIL_S, numbers)
    pace.evaluated(EVALUATION_S)
    pace.evaluations_left = 3
    for step in range(until):
        pace.stepped(first_step_s if step == 0 else STEP_S)
    return pace


@pytest.mark.parametrize("step", [2, 5, 50, 99])
def test_the_slow_first_step_of_a_process_does_not_count(step: int) -> None:
    assert trained(step).eta_s(step) == pytest.approx((STEPS - step) * STEP_S + 3 * EVALUATION_S + TAIL_S)


def test_before_there_is_a_second_step_the_first_is_all_that_is_known() -> None:
    assert trained(1).eta_s(1) == pytest.approx((STEPS - 1) * SLOW_FIRST_STEP_S + 3 * EVALUATION_S + TAIL_S)


@pytest.mark.parametrize("steps_since", [1, 2, 10])
def test_a_run_that_goes_on_knows_its_pace_from_its_first_step_on(steps_since: int) -> None:
    again = trained(steps_since, before=trained(40), first_step_s=30.0)
    step = 40 + steps_since
    assert again.eta_s(step) == pytest.approx((STEPS - step) * STEP_S + 3 * EVALUATION_S + TAIL_S)


def test_a_machine_that_has_become_slower_is_believed_after_thirty_steps() -> None:
    pace = trained(40)
    for _ in range(30):
        pace.stepped(2 * STEP_S)
    assert pace.eta_s(70) == pytest.approx(30 * 2 * STEP_S + 3 * EVALUATION_S + TAIL_S)


def test_what_is_left_at_the_last_step_is_the_writing_of_the_model() -> None:
    pace = trained(STEPS)
    for _ in range(3):
        pace.evaluated(EVALUATION_S)
    assert pace.eta_s(STEPS) == pytest.approx(TAIL_S)


def test_the_time_of_earlier_attempts_is_not_forgotten() -> None:
    numbers = trained(10).numbers() | {"elapsed_s": 1_000.0}
    assert Pace(STEPS, TAIL_S, numbers).elapsed_s == pytest.approx(1_000.0, abs=5.0)
