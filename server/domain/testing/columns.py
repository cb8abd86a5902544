"""Which columns of a table hold the question, what is expected, and the score: by their names, in the ways people spell them."""

from typing import Final

from shared.reading.columns import plain
from shared.wire import TestColumns

_TEXTS: Final = ("submission", "text", "essay", "content", "body", "work", "document", "passage", "response", "answer")
"""Columns that hold what is to be scored, rather than a question."""
_PROMPTS: Final = (
    *("prompt", "question", "instruction", "query", "input", "request", "problem", "task", "messages", "prompttext", "questiontext"),
    *("userinput", "usermessage", "userprompt"),
)
_EXPECTED: Final = (
    *("expected", "expectedanswer", "expectedoutput", "expectedresponse", "expectedtext", "completion", "answer", "output", "response"),
    *("target", "reference", "gold", "groundtruth", "correctanswer", "idealanswer", "idealresponse", "bestanswer", "solution"),
    *("reply", "class", "category", "label", "labels"),
)
_SCORES: Final = ("expectedscore", "score", "mark", "marks", "grade", "rating", "points", "expectedmark", "expectedmarks")
_LABELS: Final = ("name", "title", "id", "student", "key")
_INPUTS: Final = ("input", "context")


def found_columns(names: list[str]) -> TestColumns | None:
    """None where the names do not say which column is asked and which is expected."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(plain(name), name)
    score = _first(known, _SCORES)
    if score is not None and (text := _first(known, _TEXTS)) is not None:
        # "question", "answer" and "score": what is scored is the answer to the question.
        question = _first(known, _PROMPTS)
        asked = {"prompt": text} if question is None else {"prompt": question, "input": text}
        rest = {word: name for word, name in known.items() if name not in asked.values()}
        return TestColumns(**asked, expected_score=score, expected=_first(rest, _EXPECTED[:5]), label=_first(rest, _LABELS))
    prompt = _first(known, _PROMPTS)
    if prompt is None and (text := _first(known, _TEXTS[:7])) is not None:
        prompt = text
    if prompt is None:
        return None
    rest = {word: name for word, name in known.items() if name != prompt}
    expected = _first(rest, _EXPECTED)
    if expected is None and score is None:
        return None
    extra = _first(rest, _INPUTS) if plain(prompt) in {"instruction", "prompt", "question"} else None
    return TestColumns(prompt=prompt, input=extra, expected=expected, expected_score=score, label=_first(rest, _LABELS))


def holds_texts(column: str) -> bool:
    """Whether a column of this name holds what is to be scored, so that the question for a score has to be put behind it."""
    return plain(column) in _TEXTS


def _first(known: dict[str, str], words: tuple[str, ...]) -> str | None:
    return next((known[word] for word in words if word in known), None)
