"""Did it work? The first thing that a report says, and the one that must not be said better than it is."""

from typing import Final

from server.domain.jobs.states import StoredJob
from server.domain.reports import metrics, words
from shared.wire import Comparison, Conclusion, ReportedTest, ReportedTraining
from shared.wire.reports import Outcome

HEADLINES: Final[dict[Outcome, str]] = {
    "improved": "Improved",
    "no_change": "No change",
    "regressed": "Regressed",
    "not_tested": "Not tested",
    "not_trained": "No model",
}


def conclusion_on(job: StoredJob, training: ReportedTraining, tests: list[ReportedTest]) -> Conclusion:
    """Of several tests the first counts, which is the newest."""
    compared = next((test for test in tests if test.comparison is not None), None)
    if job.tuned_model is None:
        outcome: Outcome = "not_trained"
        said = _without_model(job)
    elif compared is None or compared.comparison is None:
        outcome, said = "not_tested", _untested(training, tests)
    else:
        outcome, said = compared.comparison.counting.verdict, _tested(compared, compared.comparison)
    return Conclusion(job_id=job.id, job_name=job.name, outcome=outcome, headline=HEADLINES[outcome], words=said)


def _tested(test: ReportedTest, comparison: Comparison) -> str:
    verdict = comparison.counting
    share = f"{100 * verdict.confidence:.0f} %"
    said = [
        f"{_capital(verdict.metric.words)} {metrics.moved(verdict)} on {words.count(verdict.num_items, 'test item')} "
        f"({metrics.direction(verdict.metric)}).",
        f"The difference is {metrics.difference(verdict.metric, verdict.difference)}; with {share} confidence it lies between "
        f"{metrics.difference(verdict.metric, verdict.interval.low)} and {metrics.difference(verdict.metric, verdict.interval.high)}.",
        verdict.trust,
    ]
    if test.num_leaked:
        said.append(_leaked(test, comparison))
    return " ".join(part for part in said if part)


def _leaked(test: ReportedTest, comparison: Comparison) -> str:
    said = words.count(test.num_leaked, "test item stands", "test items stand") + " in the training data"
    if comparison.without_leaks is None:
        return f"{said}, which flatters the tuned model."
    all_of_them = comparison.verdict
    return (
        f"{said} and {'does' if test.num_leaked == 1 else 'do'} not count here. With all {words.count(all_of_them.num_items, 'item')} the "
        f"verdict would be “{HEADLINES[all_of_them.verdict].lower()}” ({metrics.difference(all_of_them.metric, all_of_them.difference)}, "
        f"{metrics.interval(all_of_them.metric, all_of_them.interval)})."
    )


def _untested(training: ReportedTraining, tests: list[ReportedTest]) -> str:
    said = (
        "A test was run, but it compared nothing with the base model, so whether the answers got better is not known."
        if tests
        else "This model was never asked questions whose answers are known, so this report cannot say whether its answers got better."
    )
    before, after = training.validation_loss_before, training.validation_loss
    if before is None or after is None:
        return f"{said} Nothing was kept back from the training to measure its loss on either. Test it before you rely on it."
    way = "fell" if after < before else "rose" if after > before else "stayed"
    meaning = (
        "it learned something of the manner of the data, which is not the same as being right"
        if after < before
        else "even of the manner of the data it learned nothing that shows"
    )
    return f"{said} On examples kept back from training its loss {way} from {words.loss(before)} to {words.loss(after)}: {meaning}."


def _without_model(job: StoredJob) -> str:
    match job.state:
        case "failed":
            return f"The training failed. {job.error.message if job.error else ''} {job.error.fix if job.error else ''}".strip()
        case "cancelled":
            return "The training was cancelled before it left a model, so there is nothing to judge."
        case "succeeded":
            return "The training ended, but its model has been deleted since, so there is nothing to judge."
        case _:
            return f"The training has not ended: the job was {job.state} when this report was made. Make another one when it is done."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
