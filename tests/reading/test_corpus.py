"""The corpus: nasty but legal files are understood without a click, hostile ones answered in time and in little memory."""

import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.reading import Inspection, ReadProblem, inspect, read_examples
from shared.reading.examples import strings_of
from tests.corpus import hostile, legal, reading
from tests.corpus.cases import Hostile, Legal, write

LEGAL = legal.legal_files()
HOSTILE = hostile.hostile_files()
ANSWER_WITHIN_S = 30
MAX_MEMORY_BYTES = 1 << 30
PLACE = re.compile(r"\b(file|line|page|row|PDF|ZIP|document|table|archive)\b", re.IGNORECASE)


def test_the_corpus_is_as_large_as_was_promised() -> None:
    assert len(LEGAL) >= 120
    assert len(HOSTILE) >= 150


def inspected(case: Legal, folder: Path) -> Inspection:
    path = folder / "upload"
    write(case.content, path)
    with path.open("rb") as file:
        return inspect(file, filename=case.name)


@pytest.mark.parametrize("case", LEGAL, ids=lambda case: f"{case.format}: {ascii(case.name)}")
def test_the_trainer_reads_what_the_upload_has_found(case: Legal, tmp_path: Path) -> None:
    found = inspected(case, tmp_path)
    assert found.format is not None
    with (tmp_path / "upload").open("rb") as file:
        items = list(read_examples(file, format=found.format, charset=found.charset or "utf-8", mapping=found.mapping))
    examples = [item for item in items if not isinstance(item, ReadProblem)]
    assert len(examples) == found.num_examples
    assert examples[: len(found.preview)] == found.preview


@pytest.mark.parametrize("case", LEGAL, ids=lambda case: f"{case.format}: {ascii(case.name)}")
def test_a_legal_file_is_understood_without_a_click(case: Legal, tmp_path: Path) -> None:
    found = inspected(case, tmp_path)
    assert (found.problems, found.needs_mapping) == ([], False)
    assert (found.format, found.num_examples) == (case.format, case.num_examples)
    assert case.shape in found.shapes
    first = found.preview[0]
    assert any(case.has in text for text in (json.dumps(first, ensure_ascii=False), *strings_of(first)))


@pytest.fixture(scope="module")
def answers() -> dict[str, reading.Answer]:
    """Every hostile file through the program, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(
            zip(
                (case.name for case in HOSTILE),
                pool.map(lambda case: reading.read(case.name, case.content, case.options), HOSTILE),
                strict=True,
            )
        )


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: ascii(case.name)[:80])
def test_a_hostile_file_is_answered(case: Hostile, answers: dict[str, reading.Answer]) -> None:
    answer = answers[case.name]
    assert (answer.status, answer.errors) == (0, "")
    assert answer.seconds < ANSWER_WITHIN_S
    assert answer.peak_bytes < MAX_MEMORY_BYTES
    assert answer.left_behind == []
    found = answer.found
    assert found["num_examples"] or found["problems"] or found["needs_mapping"]
    if case.accepted is not None:
        assert answer.accepted == case.accepted, found["problems"]
    if case.says:
        assert case.says in found["problems"][0]["message"]
    for problem in found["problems"]:
        assert PLACE.search(problem["message"]), "names the file, the line or the page"
        assert problem["fix"], "says what to do"
        assert problem["message"].isprintable()
    if found["needs_mapping"]:
        assert found["columns"]


def test_every_problem_can_be_downloaded(answers: dict[str, reading.Answer]) -> None:
    rows = list(csv.reader(io.StringIO(answers["all bad.jsonl"].problems_csv)))
    assert rows[0] == ["line_or_page", "message", "fix"]
    assert len(rows) == 50_001
    assert rows[50_000][0] == "50000"


def test_no_cell_of_the_problems_is_a_formula(answers: dict[str, reading.Answer]) -> None:
    for answer in answers.values():
        for row in csv.reader(io.StringIO(answer.problems_csv)):
            assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@")]
