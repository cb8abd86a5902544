"""A finished test as a report tells of it: the verdict on one job's model, and the items that say most. Pure."""

from dataclasses import dataclass
from typing import Final

from server.domain.reports.words import clipped
from shared.wire import (
    EvaluatedItem,
    Evaluation,
    EvaluationSummary,
    Grader,
    ItemResult,
    ItemValue,
    Metric,
    ReportedItem,
    ReportedTest,
)

NUM_EXTREMES: Final = 5
_MAX_LEAKS: Final = 20
_MAX_TEXT: Final = 1_200
_MAX_LABEL: Final = 80
_MAX_PROBABILITIES: Final = 5


@dataclass(frozen=True)
class FinishedTest:
    """An evaluation that ended well: `results` are its own, `items` are shortened by `short`."""

    evaluation: Evaluation
    results: EvaluationSummary
    items: list[EvaluatedItem]

    @property
    def models(self) -> list[str]:
        """The base first."""
        return [found.model for found in self.results.models]


@dataclass(frozen=True)
class _Row:
    """One item with the two results that are compared."""

    item: EvaluatedItem
    base: ItemResult | None
    tuned: ItemResult | None
    metric: Metric

    @property
    def change(self) -> float | None:
        """Tuned minus base; None where one has no value."""
        base, tuned = self.value(self.base), self.value(self.tuned)
        return None if base is None or tuned is None else tuned - base

    @property
    def gain(self) -> float:
        """How much better the tuned model did."""
        change = self.change or 0.0
        return change if self.metric.higher_is_better else -change

    @property
    def quality(self) -> float:
        """Of the tuned model's answer; higher is better."""
        value = self.value(self.tuned) or 0.0
        return value if self.metric.higher_is_better else -value

    def value(self, result: ItemResult | None) -> float | None:
        if result is None:
            return None
        return result.expected_nll if self.metric.name == "expected_loss" else result.value


def short(item: EvaluatedItem) -> EvaluatedItem:
    """With no more of its texts than a report shows: thousands of them are held at once."""
    expected = None if item.expected is None else clipped(item.expected, _MAX_TEXT)
    results = [_short(result) for result in item.results]
    shortened = {"prompt": _prompt(item), "expected": expected, "label": clipped(item.label, _MAX_LABEL), "results": results}
    return item.model_copy(update=shortened)


def reported_test(test: FinishedTest, model: str) -> ReportedTest:
    """`model` is the public name of the job's tuned model."""
    results, place = test.results, test.models.index(model)
    rows = [_Row(item, item.results[0] if place else None, item.results[place], results.metric) for item in test.items]
    best, worst = _extremes(rows)
    return ReportedTest(
        evaluation_id=test.evaluation.id,
        name=test.evaluation.test_set_name,
        grader=test.evaluation.grader,
        metric=results.metric,
        num_items=results.num_items,
        num_leaked=results.num_leaked,
        leakage_checked=results.leakage_checked,
        base=results.models[0] if place else None,
        tuned=results.models[place],
        comparison=next((one for one in results.comparisons if one.model == model), None),
        best=[_reported(row) for row in best],
        worst=[_reported(row) for row in worst],
        values=[_valued(row) for row in rows],
        leaks=[_reported(row) for row in rows if row.item.leak is not None][:_MAX_LEAKS],
        tested_at=test.evaluation.finished_at,
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
    """Where it gained and where it lost most. Where few lost, those follow on which the tuned model still does worst."""
    graded = [row for row in rows if row.value(row.tuned) is not None]
    best = sorted((row for row in graded if row.gain > 0), key=lambda row: (-row.gain, -row.quality))[:NUM_EXTREMES]
    lost = sorted((row for row in graded if row.gain < 0), key=lambda row: (row.gain, row.quality))[:NUM_EXTREMES]
    shown = {row.item.id for row in (*best, *lost)}
    poor = sorted((row for row in graded if row.item.id not in shown), key=lambda row: (row.quality, row.gain))
    return best, [*lost, *poor][:NUM_EXTREMES]


def _reported(row: _Row) -> ReportedItem:
    item = row.item
    return ReportedItem(
        id=item.id,
        label=item.label,
        question=item.prompt,
        expected=item.expected,
        expected_score=item.expected_score,
        leak=item.leak,
        base=row.base,
        tuned=row.tuned,
        change=row.change,
    )


def _valued(row: _Row) -> ItemValue:
    leaked = row.item.leak is not None
    return ItemValue(id=row.item.id, label=row.item.label, leaked=leaked, base=row.value(row.base), tuned=row.value(row.tuned))


def _prompt(item: EvaluatedItem) -> str:
    cut = clipped(item.prompt, _MAX_TEXT)
    return f"{cut} […]" if item.prompt_cut and cut == item.prompt else cut


def _short(result: ItemResult) -> ItemResult:
    likeliest = sorted(result.probabilities, key=lambda one: -one.probability)[:_MAX_PROBABILITIES]
    return result.model_copy(update={"answer": clipped(result.answer, _MAX_TEXT), "probabilities": likeliest})
