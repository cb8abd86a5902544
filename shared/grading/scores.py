"""Scores and choices as texts: every one that a model could say, and what its probabilities come to."""

from collections.abc import Sequence
from decimal import Decimal

from shared.wire.testing import ChoiceGrader, Grader, ScoreGrader, TestItem

PLACE = "{score}"


def reads_probabilities(grader: Grader) -> bool:
    """Whether the answer is read from probabilities of texts that are known beforehand; nothing is generated then."""
    return isinstance(grader, ScoreGrader | ChoiceGrader)


def score_text(score: float) -> str:
    """A score as people write it: 7 and not 7.0, 0.5, 12.25. Training examples have to say it like this, too."""
    written = format(Decimal(str(score)).normalize(), "f")
    return "0" if written in ("-0", "0") else written


def scores_of(grader: ScoreGrader) -> list[float]:
    """All scores, rising. Counted in decimal, so that ten steps of 0.1 are 1."""
    lowest, step = Decimal(str(grader.lowest)), Decimal(str(grader.step))
    count = round((Decimal(str(grader.highest)) - lowest) / step)
    return [float(lowest + place * step) for place in range(count + 1)]


def possible_texts(grader: Grader) -> list[str]:
    """What the model's answer is one of; empty for graders of free answers."""
    if isinstance(grader, ScoreGrader):
        return [grader.written_as.replace(PLACE, score_text(score)) for score in scores_of(grader)]
    return list(grader.choices) if isinstance(grader, ChoiceGrader) else []


def expected_text(grader: Grader, item: TestItem) -> str | None:
    """What the model would have to say word for word: the item's own text, or its score as the grader writes it."""
    if item.expected is not None or item.expected_score is None:
        return item.expected
    return grader.written_as.replace(PLACE, score_text(item.expected_score)) if isinstance(grader, ScoreGrader) else None


def mean_and_mode(scores: Sequence[float], probabilities: Sequence[float]) -> tuple[float, float]:
    """Of equally likely scores the lowest is the mode."""
    mean = sum(score * probability for score, probability in zip(scores, probabilities, strict=True))
    return mean, max(zip(probabilities, (-score for score in scores), strict=True))[1] * -1.0
