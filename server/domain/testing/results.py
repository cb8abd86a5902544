"""What a test left: checked, kept, and read again page by page. The items lie in a blob, a line each, with an index beside it, so that a
page costs what it shows."""

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from server.domain import keys
from server.domain.testing.states import StoredEvaluation
from server.ports.blobs import Blobs
from shared.evaluation_spec import ITEMS_FILE, RESULTS_FILE, EvaluationResults
from shared.wire import EvaluatedItem, EvaluationSummary, ItemOrder, ListOf, Metric, TestItem
from shared.wire.testing import TestedItem

_MAX_RESULTS_BYTES: Final = 200_000_000
_MAX_PROMPT_CHARACTERS: Final = 4_000


def whole_results(evaluation: StoredEvaluation, folder: Path) -> EvaluationResults | None:
    """What the program left, when it is all that this evaluation has to give: every item, every model, a comparison for each tuned one."""
    file = folder / RESULTS_FILE
    try:
        if file.stat().st_size > _MAX_RESULTS_BYTES:
            return None
        results = EvaluationResults.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
    names = [evaluation.base_model, *evaluation.tuned_model_ids]
    whole = (
        results.evaluation_id == evaluation.id
        and results.num_items == evaluation.num_items == len(results.items)
        and [model.model for model in results.models] == names
        and [comparison.model for comparison in results.comparisons] == names[1:]
        and all(len(item.results) == len(names) for item in results.items)
    )
    return results if whole else None


def summary_of(evaluation: StoredEvaluation, results: EvaluationResults) -> EvaluationSummary:
    return EvaluationSummary(leakage_checked=evaluation.leakage_checked, **_without_items(results))


def _without_items(results: EvaluationResults) -> dict[str, Any]:
    return {name: getattr(results, name) for name in EvaluationSummary.model_fields if name != "leakage_checked"}


class KeptItems:
    """The items of ended evaluations. Each line of the index is [id, start, end, changes]."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def keep(self, evaluation: StoredEvaluation, results: EvaluationResults, folder: Path) -> int:
        """Stores every item with what was asked; how many bytes that takes. Doing it twice does no harm: the names are the same."""
        index: list[list[Any]] = []
        with tempfile.TemporaryFile() as lines, (folder / ITEMS_FILE).open("rb") as asked:
            for position, tested in enumerate(results.items):
                item = TestItem.model_validate_json(asked.readline())
                if item.id != tested.id:
                    raise ValueError(f"item {position} is {tested.id!r} in the results and {item.id!r} in the test set")
                start = lines.tell()
                lines.write(_line(position, item, tested).model_dump_json().encode() + b"\n")
                changes = [_change(results.metric, tested, number) for number in range(1, len(results.models))]
                index.append([item.id, start, lines.tell(), changes])
            lines.seek(0)
            size = self._blobs.put(keys.evaluation_items_blob(evaluation.owner, evaluation.id), lines).size_bytes
        encoded = io.BytesIO(json.dumps(index).encode())
        return size + self._blobs.put(keys.evaluation_index_blob(evaluation.owner, evaluation.id), encoded).size_bytes

    def all(self, evaluation: StoredEvaluation) -> Iterator[bytes]:
        """Lines of `EvaluatedItem` without a change. Raises `NotFound` where there are none."""
        return self._blobs.open(keys.evaluation_items_blob(evaluation.owner, evaluation.id))

    def page(self, evaluation: StoredEvaluation, *, limit: int, after: str | None, order: ItemOrder, tuned: int) -> ListOf[EvaluatedItem]:
        """`tuned` is the place of the model among the tuned ones, by whose change it is ordered."""
        raw = b"".join(self._blobs.open(keys.evaluation_index_blob(evaluation.owner, evaluation.id)))
        index: list[list[Any]] = json.loads(raw)
        ordered = _ordered(index, order, tuned)
        begin = 0
        if after is not None:
            begin = next((place + 1 for place, entry in enumerate(ordered) if entry[0] == after), len(ordered))
        key = keys.evaluation_items_blob(evaluation.owner, evaluation.id)
        found = []
        for _, start, end, changes in ordered[begin : begin + limit]:
            line = b"".join(self._blobs.open(key, start=start, end=end))
            found.append(EvaluatedItem.model_validate_json(line).model_copy(update={"change": changes[tuned]}))
        return ListOf(data=found, has_more=begin + limit < len(ordered))


def _ordered(index: list[list[Any]], order: ItemOrder, tuned: int) -> list[list[Any]]:
    """Of equal changes the earlier item comes first; what has no change comes last."""
    if order == "given":
        return index
    sign = -1.0 if order == "best" else 1.0
    return sorted(index, key=lambda entry: (entry[3][tuned] is None, sign * (entry[3][tuned] or 0.0)))


def _change(metric: Metric, tested: TestedItem, number: int) -> float | None:
    base, tuned = _value(metric, tested, 0), _value(metric, tested, number)
    if base is None or tuned is None:
        return None
    return tuned - base if metric.higher_is_better else base - tuned


def _value(metric: Metric, tested: TestedItem, number: int) -> float | None:
    result = tested.results[number]
    return result.expected_nll if metric.name == "expected_loss" else result.value


def _line(position: int, item: TestItem, tested: TestedItem) -> EvaluatedItem:
    prompt = item.prompt if item.prompt is not None else "\n\n".join(message.content for message in item.messages or [])
    return EvaluatedItem(
        id=item.id,
        position=position,
        label=item.label,
        prompt=prompt[:_MAX_PROMPT_CHARACTERS],
        prompt_cut=len(prompt) > _MAX_PROMPT_CHARACTERS,
        expected=item.expected,
        expected_score=item.expected_score,
        leak=tested.leak,
        change=None,
        results=tested.results,
    )
