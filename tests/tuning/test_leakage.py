"""Test items that stand in the training data are found, and those that only share an instruction are not."""

import json
from pathlib import Path
from typing import Any

import pytest

from server.tuning.testing.leakage import leaks
from shared.job_spec import DataFile
from shared.wire import Leak, TestItem

ESSAYS = [
    "The keeper climbed the tower at dusk and found that somebody had already lit the lamp, which nobody would admit to afterwards.",
    "Seven ships went by to the north before the fog came down, and the last of them answered our horn with three long blasts.",
    "In the morning the glass was falling fast, so we took the boat up the slip and tied everything down that could be moved.",
    "Nothing of note happened in the whole week but for the arrival of the oil and a letter from the inspector about the paint.",
    "The cat has had kittens in the oil store, four of them, and the lightkeeper's daughter has given every one of them a name.",
]
ASK = "Mark the following log entry from 0 to 10, with two points for each thing that it records properly.\n\n"


@pytest.fixture
def data(tmp_path: Path) -> Any:
    def write(rows: list[dict[str, Any]], name: str = "data.jsonl") -> DataFile:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return DataFile(path=tmp_path / name, name=name, format="jsonl")

    return write


def items(texts: list[str]) -> list[TestItem]:
    return [TestItem(id=f"item-{i}", prompt=text) for i, text in enumerate(texts)]


def test_an_item_is_found_word_for_word_whatever_its_case_and_space(data: Any) -> None:
    file = data([{"prompt": "Other?", "completion": "1"}, {"prompt": f"  {ESSAYS[0].upper()} ", "completion": "7"}])
    assert leaks(items(ESSAYS[:2]), [file]) == [Leak(kind="exact", similarity=1, file="data.jsonl", example=1), None]


def test_an_item_inside_a_longer_text_is_found(data: Any) -> None:
    file = data([{"text": f"A guide.\n\n{ESSAYS[1]}\n\nScore: 7/10\n\n{ESSAYS[2]}"}])
    assert leaks(items(ESSAYS[1:2]), [file]) == [Leak(kind="exact", similarity=1, file="data.jsonl", example=0)]


def test_an_item_that_was_changed_a_little_is_nearly_there(data: Any) -> None:
    changed = ESSAYS[0].replace("afterwards", "later")
    [found] = leaks(items([changed]), [data([{"prompt": ESSAYS[0], "completion": "7"}])])
    assert found is not None and found.kind == "near" and 0.75 <= found.similarity < 1


def test_an_instruction_that_all_items_share_is_no_leak(data: Any) -> None:
    file = data([{"prompt": ASK + ESSAYS[4], "completion": "3"}])
    found = leaks(items([ASK + essay for essay in ESSAYS]), [file])
    assert [leak is not None for leak in found] == [False] * 4 + [True]


def test_short_items_are_compared_as_a_whole(data: Any) -> None:
    file = data([{"messages": [{"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": "Paris"}]}])
    found = leaks(items(["capital of  france?", "Capital of Spain?", "Paris"]), [file])
    assert [leak.kind if leak else None for leak in found] == ["exact", None, "exact"]


def test_the_better_of_several_finds_is_told_with_its_place(data: Any) -> None:
    near, exact = data([{"text": ESSAYS[0].replace("dusk", "dawn")}], "a.jsonl"), data([{"text": "x"}, {"text": ESSAYS[0]}], "b.jsonl")
    assert leaks(items(ESSAYS[:1]), [near, exact]) == [Leak(kind="exact", similarity=1, file="b.jsonl", example=1)]


def test_messages_are_compared_by_what_the_user_says(data: Any) -> None:
    asked = TestItem(id="a", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": ESSAYS[3]}])
    assert leaks([asked], [data([{"prompt": ESSAYS[3], "completion": "1"}])])[0] is not None
