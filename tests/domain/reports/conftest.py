"""Reports over the house of the domain's tests: its stand-in trainer runs a job; tests of models come from the test itself."""

from datetime import UTC, datetime

import pytest

from server.domain.jobs.specs import Folders
from server.domain.reports.material import JobMaterial
from server.domain.reports.service import Reports
from server.domain.reports.shares import Shares
from server.domain.reports.tested import FinishedTest
from server.errors import NotFound
from shared.wire import (
    Comparison,
    EvaluatedItem,
    Evaluation,
    EvaluationSummary,
    Interval,
    ItemResult,
    JobRequest,
    Leak,
    Metric,
    ModelResult,
    ScoreGrader,
    Verdict,
)
from tests.domain.conftest import House

OWNER = "usr-1"
HOSTILE = '=HYPERLINK("http://evil.example") <script>alert(1)</script> #read("/etc/passwd") Ελένη'


class KnownTests:
    """Stands where the evaluations are: gives what the test put in."""

    def __init__(self) -> None:
        self.finished: dict[str, FinishedTest] = {}

    def newest(self, owner: str, model: str) -> FinishedTest | None:
        return next((test for test in self.finished.values() if model in test.models[1:]), None)

    def get(self, owner: str, evaluation_id: str) -> FinishedTest:
        if evaluation_id not in self.finished:
            raise NotFound("There is no such evaluation.", code="evaluation.not_found")
        return self.finished[evaluation_id]


class Desk:
    """A house with reports, and jobs to report on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tests = KnownTests()
        self.typeset: list[dict[str, object]] = []
        self.active = {OWNER}
        folders = Folders(house.folder / "runs", house.folder / "bases", house.folder / "own")
        material = JobMaterial(
            house.records,
            house.datasets,
            house.documents,
            house.base_models,
            house.live,
            folders,
            self.tests,  # type: ignore[arg-type]
            product_version="0.0.0",
        )
        self.reports = Reports(house.records, house.blobs, house.clock, house.room, material, self._typeset)
        self.shares = Shares(house.records, house.clock, lambda user: user in self.active, "https://tuner.example")

    def _typeset(self, report: dict[str, object]) -> bytes:
        self.typeset.append(report)
        return b"%PDF-"

    def trained(self, name: str = "Kettle") -> str:
        """The id of a job that has ended well."""
        document = self.house.document()
        job = self.house.jobs.create(
            OWNER, JobRequest(name=name, base_model="gpt2-scratch-1m", document_ids=[document.id], allow_short_run=True)
        )
        self.house.watch_until(lambda: self.house.jobs.get(OWNER, job.id).state == "succeeded")
        return job.id

    def test_of(self, job_id: str, verdict: str = "improved", *, evaluation_id: str = "evl-1", hostile: bool = False) -> None:
        model = self.house.jobs.get(OWNER, job_id).tuned_model
        assert model is not None
        self.tests.finished[evaluation_id] = finished_test(model, verdict, evaluation_id=evaluation_id, hostile=hostile)


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def finished_test(model: str, verdict: str, *, evaluation_id: str = "evl-1", hostile: bool = False, num_items: int = 20) -> FinishedTest:
    """Twenty scored items. The tuned model is better on the even ones by their number, and worse on every fourth odd one."""
    metric = Metric(name="absolute_error", words="mean absolute score error", higher_is_better=False)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    items = [_item(place, hostile=hostile) for place in range(num_items)]
    judged = Verdict.model_validate(
        {
            "verdict": verdict,
            "metric": metric,
            "base": 3.0,
            "tuned": 1.0,
            "difference": -2.0,
            "interval": Interval(low=-2.5, high=-1.5),
            "num_items": num_items,
            "num_better": 10,
            "num_worse": 5,
            "num_equal": 5,
            "trust": "Twenty items tell the direction.",
        }
    )
    of = lambda name, mean: ModelResult(  # noqa: E731 - a shape that is used twice
        model=name,
        mean=mean,
        num_graded=num_items,
        num_problems=0,
        num_shortened=0,
        expected_perplexity=None,
        general_perplexity=30.0,
        seconds=1.0,
    )
    results = EvaluationSummary(
        metric=metric,
        num_items=num_items,
        num_leaked=1,
        leakage_checked=True,
        models=[of("gpt2-scratch-1m", 3.0), of(model, 1.0)],
        comparisons=[Comparison(model=model, verdict=judged)],
        seconds=2.0,
        versions={},
    )
    evaluation = Evaluation(
        id=evaluation_id,
        name="Twenty submissions",
        state="succeeded",
        test_set_id="tst-1",
        test_set_name=HOSTILE if hostile else "Twenty submissions",
        base_model="gpt2-scratch-1m",
        tuned_model_ids=[model],
        job_id=None,
        grader=ScoreGrader(),
        num_items=num_items,
        queue_position=None,
        stopping=False,
        progress=None,
        results=results,
        error=None,
        created_at=now,
        started_at=now,
        finished_at=now,
    )
    return FinishedTest(evaluation, results, items)


def _item(place: int, *, hostile: bool) -> EvaluatedItem:
    better = float(place) / 10 if place % 2 == 0 else -0.5 if place % 4 == 1 else 0.0

    def said(value: float) -> ItemResult:
        return ItemResult(answer=HOSTILE if hostile else "6", value=value)

    return EvaluatedItem(
        id=f"item-{place}",
        position=place,
        label=HOSTILE if hostile else f"Submission {place}",
        prompt=f"{HOSTILE if hostile else 'A submission.'} How many points?",
        prompt_cut=False,
        expected=None,
        expected_score=6.0,
        leak=Leak(kind="exact", similarity=1.0, file="pairs.jsonl", example=4) if place == 3 else None,
        change=None,
        results=[said(3.0), said(3.0 - better)],
    )
