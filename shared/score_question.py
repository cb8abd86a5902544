"""How a score is asked for and said: one form for training on scored items and for testing, so that both agree."""

from typing import Final

from shared.grading.scores import score_text

_QUESTION: Final = "What score does this deserve?"


def score_prompt(text: str) -> str:
    """The question behind the text, because of a text that is too long for a model its end is read."""
    return f"{text.strip()}\n\n{_QUESTION}"


def score_completion(score: float) -> str:
    return score_text(score)
