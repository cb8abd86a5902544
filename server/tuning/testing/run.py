"""One test from its spec to its results: the stages in order. What each does stands in a file of its own."""

import gc
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError

from server.tuning import failures
from server.tuning.claim import Claim
from server.tuning.events import EventLog
from server.tuning.failures import TuningFailure
from server.tuning.files import write_whole
from server.tuning.process import peak_memory_bytes, set_up_torch
from server.tuning.serving import Loaded
from server.tuning.testing.general import general_perplexity, perplexity
from server.tuning.testing.leakage import leaks
from server.tuning.testing.models import loaded
from server.tuning.testing.pace import Pace
from server.tuning.testing.questions import Asked, Asker
from server.tuning.testing.reading import batches_of, read
from server.tuning.testing.results import AnswersFile, not_asked, result_of
from server.tuning.testing.verdict import verdict_on
from shared.evaluation_spec import ANSWERS_FILE, MAX_ITEMS, RESULTS_FILE, EvaluationResults, EvaluationSpec, ModelToTest
from shared.grading import grader_problem, item_problem, metric_of, reads_probabilities
from shared.trainer_events import TestedEvent, TestingEvent
from shared.wire import Comparison, ItemResult, Leak, Metric, ModelResult, TestedItem, TestItem


@dataclass(frozen=True)
class _Test:
    """All that a test works with: the items, each with what keeps it from being graded at all, and where answers are kept."""

    spec: EvaluationSpec
    items: list[TestItem]
    problems: list[str | None]
    answers: AnswersFile
    events: EventLog
    pace: Pace


def evaluate(spec: EvaluationSpec, folder: Path, claim: Claim, events: EventLog) -> None:
    """Test the models of `spec` in `folder`. Ends with a `tested` event, or raises a `TuningFailure` or whatever went wrong below."""
    began = time.monotonic()
    set_up_torch(spec.threads)
    events.stage("read", "Reading the test items")
    if problem := grader_problem(spec.grader):
        cause = "Nothing can be graded with it."
        raise TuningFailure("bad_setting", problem, cause=cause, fix="Change the grader and test again.")
    items = _items(spec)
    found = _leaks(spec, items, events)
    problems = [item_problem(spec.grader, item) if spec.metric == "grade" else None for item in items]
    pace = Pace(len(items) * len(spec.models))
    test = _Test(spec, items, problems, AnswersFile(folder / ANSWERS_FILE, spec), events, pace)
    models, results = [], []
    for model in spec.models:
        model_result, item_results = _tested(test, model)
        models.append(model_result)
        results.append(item_results)
    events.stage("evaluate", "Comparing the models")
    claim.check()
    write_whole(folder / RESULTS_FILE, _results(test, found, models, results, time.monotonic() - began).model_dump_json() + "\n")
    events.write(TestedEvent, num_items=len(items), seconds=round(time.monotonic() - began, 2), peak_memory_bytes=peak_memory_bytes())


def _items(spec: EvaluationSpec) -> list[TestItem]:
    try:
        items = [TestItem.model_validate_json(line) for line in spec.items.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise failures.data_missing("test items") from error
    except ValidationError as error:
        raise TuningFailure(
            "bad_items", "The test items cannot be read.", cause=str(error.errors()[0]["msg"]), fix="Upload the test set again."
        ) from error
    if not items or len(items) > MAX_ITEMS or len({item.id for item in items}) < len(items):
        cause = f"A test takes 1 to {MAX_ITEMS:,} items, each with an id of its own; these are {len(items):,}."
        raise TuningFailure("bad_items", "These items cannot be tested.", cause=cause, fix="Upload a test set with fewer or other items.")
    return items


def _leaks(spec: EvaluationSpec, items: Sequence[TestItem], events: EventLog) -> list[Leak | None]:
    """Training data that are gone or changed cost the flags and not the test."""
    if not spec.training_data:
        return [None] * len(items)
    events.stage("read", "Looking for the items in the training data")
    try:
        return leaks(items, spec.training_data)
    except TuningFailure as failure:
        events.warn(f"Whether items stand in the training data could not be seen. {failure.message}")
        return [None] * len(items)


def _tested(test: _Test, model: ModelToTest) -> tuple[ModelResult, list[ItemResult]]:
    """One model over all items. It is in memory only here."""
    began = time.monotonic()
    test.events.stage("load", f"Loading {model.id}")
    ready = loaded(model, test.spec, lambda message, fraction: test.events.stage("prepare", message, fraction))
    test.events.stage("test", f"Testing {model.id}")
    results = _answers(test, model, ready)
    general = general_perplexity(ready.model, ready.tokenizer)
    del ready
    gc.collect()
    return _summed_up(model, results, general, time.monotonic() - began), results


def _answers(test: _Test, model: ModelToTest, ready: Loaded) -> list[ItemResult]:
    """Of every item, in their order. A batch of which any answer is missing is done again as a whole, so that it is the same batch."""
    spec, items = test.spec, test.items
    max_tokens = 0 if reads_probabilities(spec.grader) else spec.max_tokens
    asker = Asker(ready.tokenizer, ready.model.shape.context_length, spec.grader, spec.asked_as, max_tokens)
    asked = [Asked(None, problem=problem) if problem else asker.asked(item) for item, problem in zip(items, test.problems, strict=True)]
    results = [None if a.question is not None else not_asked(a.problem or "") for a in asked]
    open_ = [index for index, a in enumerate(asked) if a.question is not None]
    test.pace.done_before(len(items) - len(open_))
    questions = [question for a in asked if (question := a.question) is not None]
    for batch in batches_of(questions, ready.model, max_tokens):
        indices = [open_[place] for place in batch]
        known = [test.answers.known(model, items[index]) for index in indices]
        if None in known:
            began = time.monotonic()
            readings = read(ready.model, [questions[place] for place in batch], max_tokens=max_tokens, end_ids=ready.end_ids)
            known = [
                result_of(spec.grader, spec.metric, items[index], asked[index], reading, ready.tokenizer)
                for index, reading in zip(indices, readings, strict=True)
            ]
            test.answers.append(model, [(items[index], result) for index, result in zip(indices, known, strict=True) if result])
            test.pace.done(len(batch), time.monotonic() - began)
            _tell(test, model)
        else:
            test.pace.done_before(len(batch))
        for index, result in zip(indices, known, strict=True):
            results[index] = result
    _tell(test, model)
    return [result for result in results if result is not None]


def _tell(test: _Test, model: ModelToTest) -> None:
    test.events.write(TestingEvent, model=model.id, done=test.pace.num_done, total=test.pace.total, eta_s=test.pace.eta_s)


def _summed_up(model: ModelToTest, results: Sequence[ItemResult], general: float | None, seconds: float) -> ModelResult:
    values = [result.value for result in results if result.value is not None]
    loss = sum(result.expected_nll * result.expected_tokens for result in results if result.expected_nll is not None)
    return ModelResult(
        model=model.id,
        mean=sum(values) / len(values) if values else None,
        num_graded=len(values),
        num_problems=len(results) - len(values),
        num_shortened=sum(result.shortened for result in results),
        expected_perplexity=perplexity(loss, sum(result.expected_tokens for result in results)),
        general_perplexity=general,
        seconds=round(seconds, 2),
    )


def _results(
    test: _Test, found: Sequence[Leak | None], models: list[ModelResult], results: Sequence[list[ItemResult]], seconds: float
) -> EvaluationResults:
    spec = test.spec
    metric = metric_of(spec.grader, spec.metric)
    tested = [
        TestedItem(id=item.id, label=item.label, leak=leak, results=list(of_item))
        for item, leak, of_item in zip(test.items, found, zip(*results, strict=True), strict=True)
    ]
    return EvaluationResults(
        evaluation_id=spec.evaluation_id,
        grader=spec.grader,
        metric=metric,
        num_items=len(test.items),
        num_leaked=sum(leak is not None for leak in found),
        models=models,
        comparisons=[
            _comparison(metric, model.id, results[0], of_model, found, spec.num_resamples)
            for model, of_model in zip(spec.models[1:], results[1:], strict=True)
        ],
        items=tested,
        seconds=round(seconds, 2),
        versions={"python": platform.python_version(), "torch": torch.__version__},
    )


def _comparison(
    metric: Metric, model: str, base: Sequence[ItemResult], tuned: Sequence[ItemResult], found: Sequence[Leak | None], num_resamples: int
) -> Comparison:
    num_leaked = sum(leak is not None for leak in found)
    verdict = verdict_on(metric, _values(base), _values(tuned), num_resamples=num_resamples, num_leaked=num_leaked)
    if not num_leaked:
        return Comparison(model=model, verdict=verdict)
    clean = [leak is None for leak in found]
    own = [[value for value, keep in zip(_values(some), clean, strict=True) if keep] for some in (base, tuned)]
    return Comparison(model=model, verdict=verdict, without_leaks=verdict_on(metric, *own, num_resamples=num_resamples))


def _values(results: Iterable[ItemResult]) -> list[float | None]:
    return [result.value for result in results]
