"""What a model's reading of an item comes to, as the line that is kept of it; and the lines of an earlier attempt, found again."""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from server.tuning.testing.questions import Asked
from server.tuning.testing.reading import Reading
from server.tuning.tokens import TextTokenizer
from shared.evaluation_spec import AnswerLine, EvaluationSpec, ModelToTest
from shared.grading import graded, possible_texts, reads_probabilities
from shared.grading.grading import Grade, chosen, scored
from shared.grading.scores import mean_and_mode, scores_of
from shared.wire import Grader, ItemResult, Probability, ScoreGrader, TestItem

_DIGITS = 6
"""What is kept behind the point: a different order of additions in the same sum shows beyond that."""


def not_asked(problem: str) -> ItemResult:
    return ItemResult(answer="", value=None, problem=problem)


def result_of(
    grader: Grader, metric: Literal["grade", "expected_loss"], item: TestItem, asked: Asked, reading: Reading, tokenizer: TextTokenizer
) -> ItemResult:
    """The item has been asked, so `asked.question` is there."""
    assert asked.question is not None
    expected_nll, expected_tokens = None, 0
    if asked.expected is not None:
        expected_tokens = len(asked.question.continuations[asked.expected])
        expected_nll = round(-reading.log_probabilities[asked.expected] / expected_tokens, _DIGITS)
    result = _read(grader, item, reading) if reads_probabilities(grader) else _spoken(grader, item, tokenizer.decode(reading.answer))
    if metric == "expected_loss":
        missing = None if expected_nll is not None else "There is no expected text that the model could read."
        result = result.model_copy(update={"value": expected_nll, "problem": missing})
    return result.model_copy(
        update={"expected_nll": expected_nll, "expected_tokens": expected_tokens, "shortened": asked.shortened},
    )


def _spoken(grader: Grader, item: TestItem, answer: str) -> ItemResult:
    return _graded(answer, graded(grader, item, answer))


def _read(grader: Grader, item: TestItem, reading: Reading) -> ItemResult:
    """From the probabilities of all texts that could be the answer, as shares of their sum."""
    texts = possible_texts(grader)
    shares = _shares(reading.log_probabilities[: len(texts)])
    likeliest = texts[max(range(len(texts)), key=shares.__getitem__)]
    if not isinstance(grader, ScoreGrader):
        return _graded(likeliest, chosen(item, likeliest), _listed(texts, shares))
    mean, mode = mean_and_mode(scores_of(grader), shares)
    result = _graded(likeliest, scored(item, mean if grader.read_as == "mean" else mode), _listed(texts, shares))
    return result.model_copy(update={"score_mean": round(mean, _DIGITS), "score_mode": mode})


def _graded(answer: str, grade: Grade, probabilities: Sequence[Probability] = ()) -> ItemResult:
    value = None if grade.value is None else round(grade.value, _DIGITS)
    return ItemResult(answer=answer, value=value, problem=grade.problem, probabilities=list(probabilities))


def _shares(log_probabilities: Sequence[float]) -> list[float]:
    most = max(log_probabilities)
    weights = [math.exp(value - most) for value in log_probabilities]
    return [weight / sum(weights) for weight in weights]


def _listed(texts: Sequence[str], shares: Sequence[float]) -> list[Probability]:
    return [Probability(text=text, probability=round(share, _DIGITS)) for text, share in zip(texts, shares, strict=True)]


class AnswersFile:
    """`answers.jsonl`: what an earlier attempt left is known, what is new is appended. A line that was cut short is passed over."""

    def __init__(self, path: Path, spec: EvaluationSpec) -> None:
        self._path, self._spec = path, spec
        self._known: dict[tuple[str, str], ItemResult] = {}
        lines = path.read_bytes() if path.exists() else b""
        self._torn = bool(lines) and not lines.endswith(b"\n")
        for line in lines.splitlines():
            try:
                kept = AnswerLine.model_validate_json(line)
            except ValidationError:
                continue
            self._known[kept.model, kept.of] = kept.result

    def known(self, model: ModelToTest, item: TestItem) -> ItemResult | None:
        return self._known.get((model.id, self._of(model, item)))

    def append(self, model: ModelToTest, results: Sequence[tuple[TestItem, ItemResult]]) -> None:
        """Some results at once, on the disk before this returns."""
        text = "\n" if self._torn else ""
        for item, result in results:
            line = AnswerLine(model=model.id, item=item.id, of=self._of(model, item), result=result)
            self._known[model.id, line.of] = result
            text += line.model_dump_json() + "\n"
        with self._path.open("ab") as file:
            self._torn = True
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            self._torn = False

    def _of(self, model: ModelToTest, item: TestItem) -> str:
        """A hash of all that the result depends on."""
        spec = self._spec
        asked = [model.source, item, spec.grader]
        parts = [json.loads(part.model_dump_json()) for part in asked] + [spec.metric, spec.asked_as, spec.max_tokens]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
