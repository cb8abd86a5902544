"""Columns: what is understood, what is asked about, and what a person's mapping does."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.reading import Inspection
from shared.reading.columns import find_mapping

Inspect = Callable[..., Inspection]


def understood(*names: str, **values: Any) -> dict[str, str] | None:
    found = find_mapping([*names, *values], dict.fromkeys(names, "some text") | values)
    return None if found is None else found.columns


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("Question", "Answer"), {"prompt": "Question", "completion": "Answer"}),
        (("userMessage", "assistant_message"), {"prompt": "userMessage", "completion": "assistant_message"}),
        (("instruction", "input", "output"), {"prompt": "instruction", "input": "input", "completion": "output"}),
        (("context", "question", "answer"), {"prompt": "context", "input": "question", "completion": "answer"}),
        (("instruction", "question", "answer"), {"prompt": "instruction", "input": "question", "completion": "answer"}),
        (("system_prompt", "question", "response"), {"prompt": "system_prompt", "input": "question", "completion": "response"}),
        (("prompt", "chosen", "rejected", "messages"), {"prompt": "prompt", "preferred": "chosen", "rejected": "rejected"}),
        (("id", "title", "content"), {"text": "content"}),
        (("text", "label"), {"text": "text"}),
    ],
)
def test_names_that_say_what_they_are(names: tuple[str, ...], columns: dict[str, str]) -> None:
    assert understood(*names) == columns


@pytest.mark.parametrize(
    "names",
    [("en", "de"), ("review", "label"), ("document", "summary"), ("question", "choices", "answer"), ("role", "content"), ("prompt",)],
)
def test_names_that_could_mean_two_things_are_asked_about(names: tuple[str, ...]) -> None:
    assert understood(*names) is None


def test_a_file_that_is_asked_about_shows_its_columns(inspected: Inspect) -> None:
    found = inspected(json.dumps({"en": "Good day", "de": "Guten Tag", "n": [1, {"a": None}]}), "rows.jsonl")
    assert (found.needs_mapping, found.problems, found.num_examples) == (True, [], 0)
    assert found.columns[0] == {"name": "en", "example": "Good day"}
    assert found.columns[2] == {"name": "n", "example": '[1, {"a": null}]'}


@pytest.mark.parametrize(
    ("mapping", "example"),
    [
        (
            {"shape": "prompt_completion", "columns": {"prompt": "en", "completion": "de"}},
            {"prompt": "Good day", "completion": "Guten Tag"},
        ),
        ({"shape": "text", "columns": {"text": "de"}}, {"text": "Guten Tag"}),
        ({"shape": "prompt_completion", "columns": {"prompt": "en", "completion": "good"}}, {"prompt": "Good day", "completion": "true"}),
        (
            {"shape": "preference", "columns": {"prompt": "en", "preferred": "de", "rejected": "bad"}},
            {"messages": [{"role": "user", "content": "Good day"}], "preferred": "Guten Tag", "rejected": "Nacht"},
        ),
    ],
)
def test_a_mapping_is_followed(inspected: Inspect, mapping: dict[str, Any], example: dict[str, Any]) -> None:
    row = {"en": "Good day", "de": "Guten Tag", "good": True, "bad": "Nacht"}
    found = inspected(json.dumps(row), "rows.jsonl", mapping=mapping)
    assert (found.preview, found.mapping) == ([example], mapping)


def test_a_mapping_to_a_column_that_is_missing_is_a_problem(inspected: Inspect) -> None:
    mapping = {"shape": "text", "columns": {"text": "nope"}}
    found = inspected("foo,bar\n1,2\n", "rows.csv", mapping=mapping)
    assert found.problems or found.needs_mapping
    [column, _] = found.columns
    assert column == {"name": "foo", "example": "1"}


def test_rows_that_differ_have_no_mapping_in_common(inspected: Inspect) -> None:
    found = inspected('{"text":"a"}\n{"prompt":"b","completion":"c"}\n', "rows.jsonl")
    assert (found.mapping, found.num_examples) == (None, 2)


def test_bad_rows_may_be_left_out(inspected: Inspect) -> None:
    content = '{"text":"a"}\n{bad\n{"text":true}\n{"text":"b"}\n'
    assert len(inspected(content, "rows.jsonl").problems) == 2
    found = inspected(content, "rows.jsonl", leave_out_bad=True)
    assert (found.problems, found.num_examples, found.num_warnings) == ([], 2, 2)
    assert found.warnings[0].message.endswith("It was left out.")


def test_a_label_beside_answers_is_said_to_be_unused(inspected: Inspect) -> None:
    found = inspected(json.dumps({"prompt": "a", "completion": "b", "label": False}), "rows.jsonl")
    assert 'The column "label" has no part in the training.' in found.warnings[0].message
