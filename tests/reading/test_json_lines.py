"""JSONL: what becomes an example, and how broken lines are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.constants import MAX_EXAMPLE_CHARACTERS
from shared.reading import Inspection

Inspect = Callable[..., Inspection]

MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


@pytest.mark.parametrize(
    ("row", "example"),
    [
        ({"text": "A tale."}, {"text": "A tale."}),
        ({"prompt": "2+2?", "completion": "4"}, {"prompt": "2+2?", "completion": "4"}),
        ({"question": "2+2?", "answer": "4"}, {"prompt": "2+2?", "completion": "4"}),
        ({"instruction": "Add", "input": "2 2", "output": "4"}, {"prompt": "Add\n\n2 2", "completion": "4"}),
        ({"instruction": "Add 2 2", "input": "", "output": "4"}, {"prompt": "Add 2 2", "completion": "4"}),
        ({"instruction": "Add 2 2", "input": None, "output": "4"}, {"prompt": "Add 2 2", "completion": "4"}),
        ({"instruction": "Add 2 2", "output": "4", "text": "both in one"}, {"prompt": "Add 2 2", "completion": "4"}),
        ({"input": "2+2?", "output": "4", "id": 7}, {"prompt": "2+2?", "completion": "4"}),
        ({"messages": MESSAGES}, {"messages": MESSAGES}),
        ({"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}, {"messages": MESSAGES}),
        ({"conversations": MESSAGES}, {"messages": MESSAGES}),
        ({"messages": [*MESSAGES[:1], {**MESSAGES[1], "weight": 0}]}, {"messages": [*MESSAGES[:1], {**MESSAGES[1], "weight": 0}]}),
        ({"messages": [{**MESSAGES[0], "weight": 1}, {**MESSAGES[1], "weight": None}]}, {"messages": MESSAGES}),
    ],
)
def test_every_known_spelling_becomes_one_of_three_shapes(inspected: Inspect, row: dict[str, Any], example: dict[str, Any]) -> None:
    found = inspected(json.dumps(row), "rows.jsonl")
    assert found.preview == [example]
    assert found.problems == []


def test_counts_tell_shapes_examples_and_characters(inspected: Inspect) -> None:
    found = inspected('{"text":"four"}\n\n{"prompt":"ab","completion":"c"}\n{"text":"x"}\n', "rows.jsonl")
    assert (found.shapes, found.num_examples, found.num_characters) == ({"text": 2, "prompt_completion": 1}, 3, 8)
    assert found.warnings == []


def test_a_broken_line_is_named_with_reason_and_remedy(inspected: Inspect) -> None:
    found = inspected('{"text":"one"}\n\n{"text":"three"  "x"}\n{"text":"four"}\n', "rows.jsonl")
    [problem] = found.problems
    assert (problem.line, problem.fatal) == (3, True)
    assert problem.told == "Line 3: not valid JSON (expected ',' at column 18). Fix or remove that line."


def test_all_broken_lines_are_told_at_once_but_no_more_than_twenty(inspected: Inspect) -> None:
    found = inspected("\n".join(["{broken"] * 30), "rows.jsonl")
    assert [problem.line for problem in found.problems] == list(range(1, 21))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a"', "expected ',' at column 13"),
        ('{"text" "a"}', "expected ':' at column 9"),
        ('{"text": "a}', "a quote that is never closed at column 10"),
        ("{'text': 'a'}", "expected a key in double quotes at column 2"),
        ('{"text": "a"} {"text": "b"}', "something after the end of the object at column 15"),
        ('{"text": NaN}', "NaN is no JSON number"),
        ('{"text": -Infinity}', "-Infinity is no JSON number"),
        ('{"text": ' + "1" * 10_000 + "}", "a number with too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text":' * 100_000, "nested too deeply"),
        ('{"text": "\\ud83d"}', "half of a surrogate pair"),
    ],
)
def test_the_reason_why_a_line_is_not_json(inspected: Inspect, line: str, reason: str) -> None:
    [problem] = inspected(line + '\n{"text":"good"}', "rows.jsonl").problems
    assert problem.line == 1
    assert f"not valid JSON ({reason}" in problem.told


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("[1]", "expected a JSON object, found a list"),
        ('"word"', "expected a JSON object, found a text"),
        ("null", "expected a JSON object, found null"),
        ('{"prompt":"a","completion":true}', '"completion" must be a text, not true. Put it in double quotes.'),
        ('{"prompt":"a","completion":12345678901234567890123}', '"completion" must be a text, not the number 1.2345678901234568e+22.'),
        ('{"text":["a"]}', '"text" must be a text, not a list. Make it one text.'),
        ('{"instruction":"a","input":true,"output":"b"}', '"input" must be a text, not true.'),
        ('{"prompt":"only"}', 'No known keys (found: "prompt"). Say which columns to learn from, or name them'),
        ("{}", "No known keys (found: none)"),
        ('{"messages":"hello"}', '"messages" must be a list of messages, not a text'),
        ('{"messages":[]}', 'no message of the role "assistant"'),
        ('{"messages":[{"role":"user","content":"a"}]}', 'no message of the role "assistant"'),
        ('{"messages":["a"]}', "messages[0] must be an object"),
        ('{"messages":[{"role":"user"}]}', 'messages[0] has no "content"'),
        ('{"messages":[{"role":"user","content":"a"},{"role":"narrator","content":"b"}]}', 'messages[1] has the role "narrator"'),
        ('{"messages":[{"role":"assistant","content":null}]}', '"messages[0].content" must be a text, not null'),
        ('{"messages":[{"role":"assistant","content":"a","weight":0.5}]}', "messages[0].weight must be 0 (read only) or 1 (learn)"),
        ('{"messages":[{"role":"assistant","content":"a","weight":true}]}', "messages[0].weight must be 0 (read only) or 1 (learn)"),
    ],
)
def test_a_row_of_the_wrong_kind_is_refused_with_its_reason(inspected: Inspect, row: str, message: str) -> None:
    [problem] = inspected('{"text":"good"}\n' + row, "rows.jsonl").problems
    assert problem.told.startswith("Line 2: ")
    assert message in problem.told


@pytest.mark.parametrize(
    "row",
    [
        '{"text":" "}',
        '{"prompt":"a","completion":""}',
        '{"prompt":"a","completion":null}',
        '{"messages":[{"role":"assistant","content":"\\n"}]}',
        '{"question":"","answer":"b"}',
    ],
)
def test_a_row_without_text_is_left_out_with_a_warning(inspected: Inspect, row: str) -> None:
    found = inspected('{"text":"good"}\n' + row, "rows.jsonl")
    assert (found.num_examples, found.problems) == (1, [])
    [warning] = found.warnings
    assert (warning.line, warning.fatal) == (2, False)
    assert warning.told.endswith("left out.")


def test_warnings_are_counted_but_only_twenty_are_kept(inspected: Inspect) -> None:
    found = inspected('{"text":"good"}\n' + '{"text":""}\n' * 50, "rows.jsonl")
    assert (found.num_warnings, len(found.warnings)) == (50, 20)


def test_a_file_of_only_empty_rows_is_refused(inspected: Inspect) -> None:
    found = inspected('{"text":""}\n' * 3, "rows.jsonl")
    assert [problem.told for problem in found.problems] == ["The file holds no examples. Choose one with text in it."]


def test_an_example_may_be_as_long_as_the_limit_and_no_longer(inspected: Inspect) -> None:
    fits = json.dumps({"text": "a" * MAX_EXAMPLE_CHARACTERS})
    long = json.dumps({"text": "a" * (MAX_EXAMPLE_CHARACTERS + 1)})
    found = inspected(f"{fits}\n{long}\n", "rows.jsonl")
    assert found.num_examples == 1
    assert [problem.told for problem in found.problems] == [
        "Line 2: The example has 1,000,001 characters; at most 1,000,000 fit. Split it into several."
    ]


def test_a_conversation_may_have_a_thousand_messages_and_no_more(inspected: Inspect) -> None:
    def turns(number: int) -> str:
        return json.dumps({"messages": [{"role": "assistant", "content": "Hi"}] * number})

    found = inspected(f"{turns(1_000)}\n{turns(1_001)}", "rows.jsonl")
    assert found.num_examples == 1
    assert [problem.told for problem in found.problems] == [
        'Line 2: "messages" has 1,001 messages; at most 1,000 fit. Split the conversation.'
    ]


def test_a_line_beyond_all_measure_is_passed_over(inspected: Inspect) -> None:
    found = inspected(b'{"text":"good"}\n' + b"a" * 9_000_000 + b'\n{"text":"good too"}', "rows.jsonl")
    assert [problem.told for problem in found.problems] == ["Line 2: longer than 8,000,000 characters. Split it into several."]
    assert found.num_examples == 2


def test_numbers_are_read_as_texts_and_said_to_be(inspected: Inspect) -> None:
    found = inspected('{"question":"2+2?","answer":4}\n{"question":"1/2?","answer":0.5}\n', "rows.jsonl")
    assert [example["completion"] for example in found.preview] == ["4", "0.5"]
    assert [warning.message for warning in found.warnings] == ['Line 1, and perhaps others: Numbers under "answer" were read as texts.']


def test_the_preview_shows_the_first_twenty_and_ends_early_when_they_are_huge(inspected: Inspect) -> None:
    many = inspected("\n".join(json.dumps({"text": f"number {index}"}) for index in range(50)), "rows.jsonl")
    assert [example["text"] for example in many.preview] == [f"number {index}" for index in range(20)]
    huge = inspected("\n".join(json.dumps({"text": "a" * 900_000}) for _ in range(5)), "rows.jsonl")
    assert (len(huge.preview), huge.num_examples) == (2, 5)
