"""A finished test as a report tells of it: the verdict on one job's model, and the items that say most. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.domain.reports.words import clipped
from server.errors import NotFound
from shared.evaluation_spec import EvaluationResults
from shared.wire import Grader, ItemResult, ItemValue, ReportedItem, ReportedTest, TestedItem, TestItem

NUM_EXTREMES: Final = 5
_MAX_LEAKS: Final = 20
_MAX_TEXT: Final = 1_200
_MAX_LABEL: Final = 80
_MAX_PROBABILITIES: Final = 5


@dataclass(frozen=True)
class FinishedTest:
    """A test as the store has it. `items` are those that were asked, in the order of the results."""

    evaluation_id: str
    name: str
    results: EvaluationResults
    items: list[TestItem]
    tested_at: datetime | None
    leakage_checked: bool = True


class NoTests:
    """Where no models are tested."""

    def newest(self, owner: str, model: str) -> FinishedTest | None:
        return None

    def get(self, owner: str, evaluation_id: str) -> FinishedTest:
        raise NotFound("There is no such test here. It may have been deleted.", code="evaluation.not_found")


@dataclass(frozen=True)
class _Row:
    """One item with the two results that are compared. `gain` is how much better the tuned model did; None where one has no value."""

    tested: TestedItem
    item: TestItem | None
    base: ItemResult | None
    tuned: ItemResult | None
    higher_is_better: bool

    @property
    def change(self) -> float | None:
        base, tuned = _value(self.base), _value(self.tuned)
        return None if base is None or tuned is None else tuned - base

    @property
    def gain(self) -> float | None:
        return self.change if self.change is None or self.higher_is_better else -self.change

    @property
    def quality(self) -> float:
        """Of the tuned model's answer; higher is better."""
        value = _value(self.tuned)
        return 0.0 if value is None else value if self.higher_is_better else -value


def reported_test(test: FinishedTest, model: str) -> ReportedTest:
    """`model` is the public name of the job's tuned model. The base is the first of the test's models, unless that is the only one."""
    results = test.results
    names = [found.model for found in results.models]
    tuned_at = names.index(model) if model in names else None
    base_at = 0 if names and tuned_at != 0 else None
    asked = {item.id: item for item in test.items}
    rows = [_Row(one, asked.get(one.id), _at(one, base_at), _at(one, tuned_at), results.metric.higher_is_better) for one in results.items]
    best, worst = _extremes(rows)
    return ReportedTest(
        evaluation_id=test.evaluation_id,
        name=test.name,
        grader=results.grader,
        metric=results.metric,
        num_items=results.num_items,
        num_leaked=results.num_leaked,
        leakage_checked=test.leakage_checked,
        base=None if base_at is None else results.models[base_at],
        tuned=None if tuned_at is None else results.models[tuned_at],
        comparison=next((one for one in results.comparisons if one.model == model), None),
        best=[_reported(row) for row in best],
        worst=[_reported(row) for row in worst],
        values=[_valued(row) for row in rows],
        leaks=[_reported(row) for row in rows if row.tested.leak is not None][:_MAX_LEAKS],
        tested_at=test.tested_at,
        versions=results.versions,
    )


def judged_by(grader: Grader) -> str:
    """The grader in one line for people."""
    match grader.kind:
        case "exact":
            return "The answer must be the expected text."
        case "contains":
            return "The expected text must stand in the answer."
        case "regex":
            return f"The pattern {grader.pattern} must be found in the answer." if grader.pattern else "Each item's pattern must be found."
        case "numeric":
            kind = " of the expected one" if grader.relative else ""
            return f"The answer's last number must be within {grader.tolerance:g}{kind}."
        case "json_schema":
            return "The answer must be JSON that a schema accepts."
        case "chrf":
            return "How much of the expected text's runs of characters the answer has (chrF)."
        case "rouge_l":
            return "How much of the expected text's words the answer has in order (ROUGE-L)."
        case "choice":
            return f"The likeliest of {len(grader.choices)} choices must be the expected one; nothing is generated."
        case "score":
            scale = f"{grader.lowest:g} to {grader.highest:g} in steps of {grader.step:g}"
            how = "mean" if grader.read_as == "mean" else "likeliest"
            return f"How far the model's score is from the expected one ({scale}). The {how} of its probabilities counts."


def _extremes(rows: list[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Where it gained and where it lost most. Where too few lost, the worst are those on which the tuned model still does badly."""
    compared = [row for row in rows if row.gain is not None]
    best = [row for row in sorted(compared, key=lambda row: (-_gain(row), -row.quality)) if _gain(row) > 0][:NUM_EXTREMES]
    chosen = {id(row) for row in best}
    graded = compared or [row for row in rows if _value(row.tuned) is not None]
    others = [row for row in graded if id(row) not in chosen]
    lost = [row for row in sorted(others, key=lambda row: (_gain(row), row.quality)) if _gain(row) < 0][:NUM_EXTREMES]
    chosen |= {id(row) for row in lost}
    poor = sorted((row for row in others if id(row) not in chosen), key=lambda row: (row.quality, _gain(row)))
    return best, [*lost, *poor][:NUM_EXTREMES]


def _gain(row: _Row) -> float:
    return row.gain or 0.0


def _at(item: TestedItem, place: int | None) -> ItemResult | None:
    return None if place is None or place >= len(item.results) else item.results[place]


def _value(result: ItemResult | None) -> float | None:
    return None if result is None else result.value


def _reported(row: _Row) -> ReportedItem:
    item = row.item
    return ReportedItem(
        id=row.tested.id,
        label=clipped(row.tested.label, _MAX_LABEL),
        question=clipped("" if item is None else _question(item), _MAX_TEXT),
        expected=None if item is None or item.expected is None else clipped(item.expected, _MAX_TEXT),
        expected_score=None if item is None else item.expected_score,
        leak=row.tested.leak,
        base=_short(row.base),
        tuned=_short(row.tuned),
        change=row.change,
    )


def _valued(row: _Row) -> ItemValue:
    return ItemValue(
        id=row.tested.id,
        label=clipped(row.tested.label, _MAX_LABEL),
        leaked=row.tested.leak is not None,
        base=_value(row.base),
        tuned=_value(row.tuned),
    )


def _question(item: TestItem) -> str:
    if item.prompt is not None:
        return item.prompt
    messages = item.messages or []
    return messages[0].content if len(messages) == 1 else "\n\n".join(f"{message.role}: {message.content}" for message in messages)


def _short(result: ItemResult | None) -> ItemResult | None:
    if result is None:
        return None
    likeliest: Iterable[object] = sorted(result.probabilities, key=lambda one: -one.probability)[:_MAX_PROBABILITIES]
    return result.model_copy(update={"answer": clipped(result.answer, _MAX_TEXT), "probabilities": list(likeliest)})
