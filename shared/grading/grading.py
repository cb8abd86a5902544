"""One answer against what was expected: the metric's value, or why there is none. `graded` is for answers in words; scores and choices
are read from probabilities and come here as `scored` and `chosen`."""

from dataclasses import dataclass
from typing import Literal

from shared.grading.json_answers import NotJson, TooMuchWork, accepts, json_in, matches
from shared.grading.numbers import last_number
from shared.grading.similarity import chrf, rouge_l
from shared.grading.texts import plain, stands_in
from shared.wire.testing import (
    ChoiceGrader,
    ChrfGrader,
    ContainsGrader,
    ExactGrader,
    Grader,
    JsonSchemaGrader,
    Metric,
    NumericGrader,
    RegexGrader,
    RougeLGrader,
    ScoreGrader,
    TestItem,
)

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Grade:
    """`value` is None where the answer cannot be judged; `problem` then says why."""

    value: float | None
    problem: str | None = None


def metric_of(grader: Grader, on: Literal["grade", "expected_loss"] = "grade") -> Metric:
    if on == "expected_loss":
        return Metric(name="expected_loss", words="loss on the expected text", higher_is_better=False)
    if isinstance(grader, ScoreGrader):
        return Metric(name="absolute_error", words="distance from the expected score", higher_is_better=False)
    if isinstance(grader, ChrfGrader | RougeLGrader):
        return Metric(name="similarity", words="similarity to the expected text", higher_is_better=True)
    return Metric(name="accuracy", words="right answers", higher_is_better=True)


def graded(grader: Grader, item: TestItem, answer: str) -> Grade:
    """Any text may be the answer, also an empty one. The item has what the grader needs (`item_problem`)."""
    expected = item.expected or ""
    match grader:
        case ExactGrader(ignore_case=ignore_case):
            return _yes_or_no(plain(answer, ignore_case=ignore_case) == plain(expected, ignore_case=ignore_case))
        case ContainsGrader(ignore_case=ignore_case):
            return _yes_or_no(stands_in(plain(expected, ignore_case=ignore_case), plain(answer, ignore_case=ignore_case)))
        case RegexGrader():
            return _patterned(grader, grader.pattern or expected, answer)
        case NumericGrader():
            return _yes_or_no(_is_near(grader, expected_number(item), last_number(answer)))
        case JsonSchemaGrader():
            return _structured(grader, answer)
        case ChrfGrader():
            return Grade(chrf(answer, expected))
        case RougeLGrader():
            return Grade(rouge_l(answer, expected))
        case ChoiceGrader() | ScoreGrader():
            raise ValueError(f"{grader.kind} is read from probabilities")


def chosen(item: TestItem, choice: str) -> Grade:
    return _yes_or_no(plain(choice, ignore_case=True) == plain(item.expected or "", ignore_case=True))


def scored(item: TestItem, score: float) -> Grade:
    """The distance from the expected score."""
    expected = expected_number(item)
    return Grade(None, "There is no expected score.") if expected is None else Grade(abs(score - expected))


def expected_number(item: TestItem) -> float | None:
    return item.expected_score if item.expected_score is not None else last_number(item.expected or "")


def _yes_or_no(right: bool) -> Grade:
    return Grade(float(right))


def _patterned(grader: RegexGrader, pattern: str, answer: str) -> Grade:
    try:
        return _yes_or_no(matches(pattern, answer, ignore_case=grader.ignore_case))
    except TooMuchWork:
        return Grade(None, "The regular expression takes too long on this answer.")


def _structured(grader: JsonSchemaGrader, answer: str) -> Grade:
    try:
        return _yes_or_no(accepts(grader.json_schema, json_in(answer)))
    except NotJson:
        return _yes_or_no(False)
    except TooMuchWork:
        return Grade(None, "A regular expression of the schema takes too long on this answer.")


def _is_near(grader: NumericGrader, expected: float | None, found: float | None) -> bool:
    if expected is None or found is None:
        return False
    allowed = grader.tolerance * (abs(expected) if grader.relative else 1.0)
    return abs(found - expected) <= allowed + _ROUNDING * max(1.0, abs(expected))
