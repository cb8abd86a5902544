"""Where a report finds the tests of a model: among the evaluations that ended well."""

from collections.abc import Iterator
from dataclasses import dataclass

from server.domain.reports.tested import FinishedTest, short
from server.domain.testing.evaluations import Evaluations
from server.errors import Conflict, NotFound
from shared.wire import EvaluatedItem, Evaluation

_PAGE = 100


@dataclass(frozen=True)
class TestsOfModels:
    __test__ = False  # pytest collects classes by this name

    evaluations: Evaluations

    def newest(self, owner: str, model: str) -> FinishedTest | None:
        """The last evaluation of this tuned model that ended well. None also for a model that was deleted, as its evaluations were."""
        after = None
        while True:
            try:
                page = self.evaluations.page(owner, limit=_PAGE, after=after, tuned_model_id=model)
            except NotFound:
                return None
            ended = next((one for one in page.data if one.results is not None and model in one.tuned_model_ids), None)
            if ended is not None:
                return self._finished(owner, ended)
            if not page.has_more:
                return None
            after = page.data[-1].id

    def get(self, owner: str, evaluation_id: str) -> FinishedTest:
        """Raises `NotFound`, and `Conflict` for one that has not ended well."""
        return self._finished(owner, self.evaluations.get(owner, evaluation_id))

    def _finished(self, owner: str, evaluation: Evaluation) -> FinishedTest:
        if evaluation.results is None:
            raise Conflict(
                f"The evaluation {evaluation.name!r} is {evaluation.state}; it has no results to report.",
                code="evaluations.no_results",
                param="evaluation_ids",
            )
        lines = _lines(self.evaluations.item_bytes(owner, evaluation.id))
        return FinishedTest(evaluation, evaluation.results, [short(EvaluatedItem.model_validate_json(line)) for line in lines])


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest
