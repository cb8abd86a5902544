"""ZIP: every file in its turn, and problems that name the file."""

import json
from collections.abc import Callable

import pytest

from shared.reading import Inspection
from tests.corpus.documents import zipped

Inspect = Callable[..., Inspection]

TABLE = "question,answer\nWhy?,So.\n"


def test_files_are_read_in_their_order_each_with_its_own_charset(inspected: Inspect) -> None:
    found = inspected(zipped({"a.csv": TABLE, "b.txt": "Grüße".encode("utf-16"), "c.jsonl": '{"text":"c"}'}), "a.zip")
    assert found.preview == [{"prompt": "Why?", "completion": "So."}, {"text": "Grüße"}, {"text": "c"}]
    assert (found.format, found.problems) == ("zip", [])


def test_a_problem_names_the_file_and_the_line(inspected: Inspect) -> None:
    [problem] = inspected(zipped({"data/a.csv": TABLE, "data/b.jsonl": '{"text":"a"}\n{"text" 1}\n'}), "a.zip").problems
    assert (problem.member, problem.line) == ("data/b.jsonl", 2)
    assert problem.message == "In \"data/b.jsonl\": line 2: not valid JSON (expected ':' at column 9)."


def test_a_bad_file_may_be_left_out(inspected: Inspect) -> None:
    found = inspected(zipped({"a.csv": TABLE, "b.json": "[1"}), "a.zip", leave_out_bad=True)
    assert (found.num_examples, found.problems) == (1, [])
    assert found.warnings[0].member == "b.json"
    assert "It was left out." in found.warnings[0].message


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../up.txt": "a"}, "its name leads out of the archive"),
        ({"/etc/up.txt": "a"}, "its name leads out of the archive"),
        ({"in.zip": zipped({"a.txt": "a"})}, "an archive inside the archive"),
        ({"a.xlsx": zipped({"xl/workbook.xml": "<a/>"})}, "an Excel workbook"),
        ({"a.png": b"\x89PNG"}, "no file that can be read"),
        ({}, "no file that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(inspected: Inspect, members: dict[str, str | bytes], words: str) -> None:
    [problem] = inspected(zipped(members), "a.zip").problems
    assert words in problem.message
    assert problem.fix


def test_a_table_that_is_not_understood_is_asked_about(inspected: Inspect) -> None:
    content = zipped({"a.csv": TABLE, "b.csv": "foo,bar\n1,2\n"})
    found = inspected(content, "a.zip")
    assert (found.needs_mapping, [column["name"] for column in found.columns]) == (True, ["foo", "bar"])
    mapping = {"shape": "prompt_completion", "columns": {"prompt": "foo", "completion": "bar"}}
    assert inspected(content, "a.zip", mapping=mapping).num_examples == 2, "where the columns are not those of the mapping, they are found"


def test_what_lies_beside_the_data_is_left_out_and_said_to_be(inspected: Inspect) -> None:
    found = inspected(zipped({"README.md": "# Data", "a.jsonl": json.dumps({"text": "a"}), "a.png": b"\x89PNG"}), "a.zip")
    assert found.num_examples == 1
    assert [warning.member for warning in found.warnings] == ["README.md", "a.png"]
