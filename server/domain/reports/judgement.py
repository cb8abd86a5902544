"""The verdict in blocks: the answer first, then what it rests on, then the items that say most."""

from typing import Final

from server.domain.reports import metrics, words
from server.domain.reports.blocks import Block, Chart, Charts, Facts, Figure, Item, Items, Notice, Paragraph, Saying, Tone, Verdict
from server.domain.reports.charts import interval_chart
from server.domain.reports.tested import judged_by
from shared.wire import ItemResult, ReportedItem, ReportedJob, ReportedTest
from shared.wire import Verdict as Judged
from shared.wire.reports import Outcome

_MARKS: Final[dict[Outcome, str]] = {"improved": "▲", "no_change": "●", "regressed": "▼", "not_tested": "○", "not_trained": "✕"}


def verdict_blocks(job: ReportedJob, *, brief: bool = False) -> list[Block]:
    conclusion = job.conclusion
    test = _compared(job)
    judged = test.comparison.counting if test is not None and test.comparison is not None else None
    figures = [] if test is None or judged is None else _figures(test, judged)
    blocks: list[Block] = [
        Verdict(
            job_name=job.name,
            outcome=conclusion.outcome,
            mark=_MARKS[conclusion.outcome],
            headline=conclusion.headline,
            words=conclusion.words,
            figures=[] if brief else figures,
        )
    ]
    if judged is not None and not brief:
        blocks.append(Charts([_interval(judged, job)]))
        blocks += _further_tests(job)
    return blocks


def test_facts(job: ReportedJob) -> list[Block]:
    """How the model was tested, and what perplexities say of what it forgot."""
    blocks: list[Block] = []
    for test in job.tests:
        rows = [
            ("Test", test.name),
            ("Graded by", judged_by(test.grader)),
            ("Items", f"{test.num_items:,}, {words.time(test.tested_at)}"),
        ]
        if test.base is not None and test.tuned is not None:
            rows.append(("On the expected texts", _perplexities(test.base.expected_perplexity, test.tuned.expected_perplexity)))
            rows.append(("On general text", _perplexities(test.base.general_perplexity, test.tuned.general_perplexity, forgets=True)))
            problems = test.base.num_problems, test.tuned.num_problems
            if any(problems):
                rows.append(("Could not be graded", f"{problems[0]:,} answers of the base, {problems[1]:,} of the tuned model"))
        blocks.append(Facts(rows))
    return blocks


def worst_and_best(job: ReportedJob) -> list[Block]:
    blocks: list[Block] = []
    for test in job.tests:
        of = f" in {test.name}" if len(job.tests) > 1 else ""
        if test.best:
            blocks.append(Items(f"Where the tuned model gained most{of}", [_item(test, item) for item in test.best]))
        if test.worst:
            blocks.append(Items(f"Where it lost most, or still answers worst{of}", [_item(test, item) for item in test.worst]))
    return blocks


def leaks_block(job: ReportedJob) -> list[Block]:
    blocks: list[Block] = []
    for test in job.tests:
        if not test.leakage_checked:
            blocks.append(
                Notice(f"{test.name}: whether its items stand in the training data could not be checked; the data is gone.", "warn")
            )
        elif not test.num_leaked:
            blocks.append(Paragraph(f"{test.name}: none of its {words.count(test.num_items, 'item')} stands in the training data."))
        else:
            stand = words.count(test.num_leaked, "item stands", "items stand")
            said = f"{test.name}: {stand} in the training data, word for word or nearly. Giving an answer that it has seen proves little."
            blocks += [Notice(said, "warn"), Items("Items that stand in the training data", [_item(test, item) for item in test.leaks])]
    return blocks


def _compared(job: ReportedJob) -> ReportedTest | None:
    return next((test for test in job.tests if test.comparison is not None), None)


def _figures(test: ReportedTest, judged: Judged) -> list[Figure]:
    metric = judged.metric
    counts = f"{judged.num_better:,} better, {judged.num_worse:,} worse, {judged.num_equal:,} the same"
    figures = [
        Figure("Base", metrics.value(metric, judged.base), metric.words),
        Figure("Tuned", metrics.value(metric, judged.tuned), metrics.direction(metric)),
        Figure(
            "Difference",
            metrics.difference(metric, judged.difference),
            f"{100 * judged.confidence:.0f} %: {metrics.interval(metric, judged.interval)}",
        ),
        Figure("Items", f"{judged.num_items:,}", counts),
    ]
    if judged.num_items_needed is not None:
        figures.append(Figure("Items needed", f"about {judged.num_items_needed:,}", "to be sure of a difference of this size"))
    return figures


def _interval(judged: Judged, job: ReportedJob) -> Chart:
    metric = judged.metric
    ends = judged.interval.low, judged.difference, judged.interval.high
    low, middle, high = (metrics.difference(metric, one) for one in ends)
    title = "The difference and its interval"
    description = (
        f"Tuned minus base: {middle}, with {100 * judged.confidence:.0f} % confidence between {low} and {high}. "
        f"Zero lies {'inside' if judged.interval.low <= 0 <= judged.interval.high else 'outside'}; {metrics.direction(metric)}."
    )
    svg = interval_chart(
        f"interval-{job.id}",
        ends,
        (low, middle, high),
        style=judged.verdict,
        higher_is_better=metric.higher_is_better,
        title=title,
        description=description,
    )
    return Chart(title, description, svg)


def _further_tests(job: ReportedJob) -> list[Block]:
    first = _compared(job)
    others = [test for test in job.tests if test is not first and test.comparison is not None]
    said: list[Block] = []
    for test in others:
        judged = test.comparison.counting if test.comparison is not None else None
        if judged is not None:
            said.append(
                Paragraph(
                    f"Another test, {test.name}: {judged.verdict.replace('_', ' ')}; {judged.metric.words} {metrics.moved(judged)}, "
                    f"difference {metrics.difference(judged.metric, judged.difference)} "
                    f"({metrics.interval(judged.metric, judged.interval)})."
                )
            )
    return said


def _item(test: ReportedTest, item: ReportedItem) -> Item:
    gain = None if item.change is None else item.change if test.metric.higher_is_better else -item.change
    tone: Tone = "plain" if not gain else "good" if gain > 0 else "bad"
    notes = [result.problem for result in (item.base, item.tuned) if result is not None and result.problem]
    if item.leak is not None:
        kind = "word for word" if item.leak.kind == "exact" else f"nearly ({100 * item.leak.similarity:.0f} % alike)"
        notes.append(f"Stands in the training data {kind}: {item.leak.file}, example {item.leak.example + 1:,}.")
    if any(result is not None and result.shortened for result in (item.base, item.tuned)):
        notes.append("The question was too long for the model, which read its end.")
    expected = [] if item.expected is None else [item.expected]
    if item.expected_score is not None:
        expected.append(f"{'score ' if expected else ''}{item.expected_score:g}")
    return Item(
        title=item.label or f"Item {item.id}",
        question=item.question,
        expected="; ".join(expected) or "nothing given",
        sayings=[_saying("Base", test, item.base), _saying("Tuned", test, item.tuned)],
        change="" if item.change is None else _change(test, item.change),
        tone=tone,
        notes=notes,
    )


def _saying(who: str, test: ReportedTest, result: ItemResult | None) -> Saying:
    if result is None:
        return Saying(who, "", "not asked")
    answer = result.answer
    if result.score_mean is not None and result.score_mode is not None:
        answer = f"{result.score_mean:.2f} on average, {result.score_mode:g} the likeliest"
    return Saying(who, answer, _graded(test, result))


def _graded(test: ReportedTest, result: ItemResult) -> str:
    if result.value is None:
        return "not graded"
    match test.metric.name:
        case "accuracy":
            return "right" if result.value >= 1 else "wrong" if result.value <= 0 else metrics.value(test.metric, result.value)
        case "absolute_error":
            return f"off by {result.value:.2f}"
        case "expected_loss":
            return f"loss {result.value:.3f}"
        case _:
            return f"{metrics.value(test.metric, result.value)} alike"


def _change(test: ReportedTest, change: float) -> str:
    return "no difference" if change == 0 else metrics.difference(test.metric, change)


def _perplexities(base: float | None, tuned: float | None, *, forgets: bool = False) -> str:
    if base is None or tuned is None:
        return "not measured"
    said = f"perplexity {words.number(base)} of the base, {words.number(tuned)} of the tuned model"
    if forgets and tuned > 1.1 * base:
        return f"{said}: it has forgotten something"
    return said
