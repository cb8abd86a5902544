"""Testing a tuned model against its base: how answers are graded, what is asked, what came out, and the verdict.

The trainer-side program (`shared.evaluation_spec`) makes every result here; nothing else computes one.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from shared.wire.base import Answer, Request
from shared.wire.models import Message

MAX_SCORES = 201
"""So many different scores can be told apart: every one of them is read from the model for every item."""
MAX_CHOICES = 50

Text = Annotated[str, StringConstraints(max_length=1_000_000)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class ExactGrader(Request):
    """1 where the answer is the expected text and nothing else, up to white space, Unicode form and (usually) case."""

    kind: Literal["exact"] = "exact"
    ignore_case: bool = True


class ContainsGrader(Request):
    """1 where the expected text stands somewhere in the answer, as whole words."""

    kind: Literal["contains"] = "contains"
    ignore_case: bool = True


class RegexGrader(Request):
    """1 where the pattern is found in the answer. Without a `pattern`, each item's expected text is its own."""

    kind: Literal["regex"] = "regex"
    pattern: Short | None = None
    ignore_case: bool = False


class NumericGrader(Request):
    """1 where the answer's last number is at most `tolerance` from the expected one; `relative`: times the expected one's size."""

    kind: Literal["numeric"] = "numeric"
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    relative: bool = False


class JsonSchemaGrader(Request):
    """1 where the answer is JSON (perhaps inside a code fence) that the schema accepts. No expected text is needed."""

    kind: Literal["json_schema"] = "json_schema"
    json_schema: dict[str, Any]


class ChrfGrader(Request):
    """How much of the expected text's runs of 1 to 6 characters the answer has (chrF2), 0 to 1."""

    kind: Literal["chrf"] = "chrf"


class RougeLGrader(Request):
    """How much of the expected text's words the answer has in the same order (ROUGE-L, F1), 0 to 1."""

    kind: Literal["rouge_l"] = "rouge_l"


class ChoiceGrader(Request):
    """1 where the expected choice is the one that the model finds likeliest. Read from its probabilities; nothing is generated."""

    kind: Literal["choice"] = "choice"
    choices: Annotated[list[Short], Field(min_length=2, max_length=MAX_CHOICES)]

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len({choice.strip().casefold() for choice in self.choices}) < len(self.choices):
            raise ValueError("two choices are the same")
        return self


class ScoreGrader(Request):
    """How far the model's score is from the expected one (the absolute error; lower is better). Read from its probabilities of every
    score from `lowest` to `highest`; nothing is generated. The score that counts is their `mean`, or the likeliest (`mode`).
    `written_as` is how answers say it, where the examples that the model learned from say more than the number."""

    kind: Literal["score"] = "score"
    lowest: float = 0.0
    highest: float = 10.0
    step: Annotated[float, Field(gt=0)] = 1.0
    read_as: Literal["mean", "mode"] = "mean"
    written_as: Annotated[str, StringConstraints(min_length=7, max_length=200)] = "{score}"

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if not self.lowest < self.highest:
            raise ValueError("the highest score must be above the lowest")
        steps = (self.highest - self.lowest) / self.step
        if not math.isfinite(steps):
            raise ValueError(f"these are more than {MAX_SCORES} different scores. Use a larger step")
        if abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
            raise ValueError("the highest score must be a whole number of steps above the lowest")
        if round(steps) + 1 > MAX_SCORES:
            raise ValueError(f"these are {round(steps) + 1:,} different scores; at most {MAX_SCORES} are possible. Use a larger step")
        if self.written_as.count("{score}") != 1:
            raise ValueError("the way a score is written must hold {score} once")
        return self


Grader = Annotated[
    ExactGrader | ContainsGrader | RegexGrader | NumericGrader | JsonSchemaGrader | ChrfGrader | RougeLGrader | ChoiceGrader | ScoreGrader,
    Field(discriminator="kind"),
]


class TestItem(Request):
    """What is asked (exactly one of `prompt` and `messages`) and what is expected. Which of the two expectations is needed, the grader
    says; an `expected` text also gets a perplexity. `messages` end before the answer. `label` names the item for people."""

    __test__ = False  # pytest collects classes by this name

    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    prompt: Text | None = None
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)] | None = None
    expected: Text | None = None
    expected_score: float | None = None
    label: Annotated[str, StringConstraints(max_length=500)] = ""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give exactly one of prompt and messages")
        return self


class Metric(Answer):
    """What a value says. `name` is for programs (`accuracy`, `similarity`, `absolute_error`, `expected_loss`), `words` for people."""

    name: Literal["accuracy", "similarity", "absolute_error", "expected_loss"]
    words: str
    higher_is_better: bool


class Probability(Answer):
    """How likely the model finds one of the possible texts after the question, among all of them: together they are 1."""

    text: str
    probability: float


class ItemResult(Answer):
    """What one model made of one item. `value` is the metric's; None, with a `problem` in words, where the item could not be graded.

    `answer` is what it said, or the likeliest score or choice. `expected_nll` is the mean surprise per token of the expected text (nats;
    its exponential is the perplexity). `shortened`: the question was too long for the model, which read its end.
    """

    answer: str
    value: float | None
    score_mean: float | None = None
    score_mode: float | None = None
    probabilities: list[Probability] = []
    expected_nll: float | None = None
    expected_tokens: int = 0
    shortened: bool = False
    problem: str | None = None


class Leak(Answer):
    """The item is in the training data, word for word (`exact`) or nearly. `example` is the example's place there, counted from 0."""

    kind: Literal["exact", "near"]
    similarity: float
    file: str
    example: int


class TestedItem(Answer):
    """One item with what every model made of it, in the order of the models."""

    __test__ = False

    id: str
    label: str
    leak: Leak | None
    results: list[ItemResult]


class ModelResult(Answer):
    """One model over all items. Means are over what could be graded; perplexities are per token of all texts together.

    `general_perplexity` is on a small general text that ships with the product: where it rises, the model forgets.
    """

    model: str
    mean: float | None
    num_graded: int
    num_problems: int
    num_shortened: int
    expected_perplexity: float | None
    general_perplexity: float | None
    seconds: float


class Interval(Answer):
    low: float
    high: float


class Verdict(Answer):
    """The answer to "did it work?", over the items that both models could be graded on.

    `difference` is tuned minus base, with its `interval`; `verdict` says whether that excludes 0, and on which side. `num_items_needed`:
    about so many items would make the seen difference certain; None where the verdict is no matter of number. `trust` is a sentence or two.
    """

    verdict: Literal["improved", "no_change", "regressed"]
    metric: Metric
    base: float | None
    tuned: float | None
    difference: float
    interval: Interval
    confidence: float = 0.95
    num_items: int
    num_items_needed: int | None = None
    num_better: int
    num_worse: int
    num_equal: int
    trust: str


class Comparison(Answer):
    """A tuned model against the base. `without_leaks`: the same over the items that are not in the training data, where some are."""

    model: str
    verdict: Verdict
    without_leaks: Verdict | None = None

    @property
    def counting(self) -> Verdict:
        """The one to be told: a question whose answer was learned by heart says nothing about the others."""
        return self.without_leaks or self.verdict
