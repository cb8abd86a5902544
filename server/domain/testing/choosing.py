"""The grader that fits what is expected, where nobody chose one, and why. Pure."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Final

from shared.grading.numbers import last_number
from shared.wire import ChrfGrader, ExactGrader, Grader, NumericGrader, ScoreGrader, TestItem

_SHORT_CHARACTERS: Final = 40
_SCALES: Final = (10.0, 20.0, 50.0, 100.0)
_MANY: Final = 10
_STEPS: Final = (1.0, 0.5, 0.25, 0.1, 0.05)
_MOST_SCORES: Final = 201


def fitting_grader(items: Sequence[TestItem]) -> tuple[Grader, str]:
    """With a line of why. Items that it cannot grade are told apart later, row by row."""
    scores = [item.expected_score for item in items if item.expected_score is not None]
    texts = [item.expected.strip() for item in items if item.expected is not None and item.expected.strip()]
    if scores and len(scores) >= len(texts):
        grader = scale_of(scores)
        return grader, f"Scores are expected, from {grader.lowest:g} to {grader.highest:g} in steps of {grader.step:g}."
    if texts and all(_is_number(text) for text in texts):
        return NumericGrader(), "Numbers are expected: the last one of an answer has to be the same."
    if texts and median(map(len, texts)) > _SHORT_CHARACTERS:
        return ChrfGrader(), "Long texts are expected: what counts is how much of them an answer has (chrF)."
    return ExactGrader(), "Short texts are expected: an answer has to be the same, but for case and spaces."


def scale_of(scores: Sequence[float]) -> ScoreGrader:
    """The smallest usual scale that holds these scores, with the coarsest step that they stand on."""
    lowest = min(0.0, math.floor(min(scores)))
    most = max(scores)
    fractions = any(score != round(score) for score in scores)
    scales = [scale for scale in _SCALES if scale >= most]
    highest = scales[0] if scales else float(math.ceil(most / 100) * 100)
    if most <= 1 and fractions:
        highest = 1.0
    elif most <= 5 and len(scores) >= _MANY:  # Of so few points none would be missing among so many.
        highest = 5.0
    steps = [step for step in _STEPS if all(_stands_on(score - lowest, step) for score in scores)]
    step = steps[0] if steps else _STEPS[-1]
    while (highest - lowest) / step + 1 > _MOST_SCORES:
        step = next((one for one in reversed(_STEPS) if one > step), (highest - lowest) / (_MOST_SCORES - 1))
    return ScoreGrader(lowest=lowest, highest=highest, step=step)


def _stands_on(score: float, step: float) -> bool:
    return abs(score / step - round(score / step)) < 1e-6


def _is_number(text: str) -> bool:
    return len(text) <= _SHORT_CHARACTERS and last_number(text) is not None and not any(character.isalpha() for character in text)
