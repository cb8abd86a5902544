"""JSON: a list, a list under a known key, one object, and how errors are placed."""

from collections.abc import Callable

import pytest

from shared.reading import Inspection, json_file

Inspect = Callable[..., Inspection]


@pytest.mark.parametrize(
    "content",
    [
        '[{"text":"a"},{"text":"b"}]',
        ' [\n  {"text": "a"},\n  {"text": "b"}\n ]\n',
        '{"data":[{"text":"a"},{"text":"b"}]}',
        '{"version": {"deep": [1]}, "examples": [{"text":"a"},{"text":"b"}], "license": null}',
        '{"train":[{"text":"a"},{"text":"b"}]}',
        '{"whatever":[{"text":"a"},{"text":"b"}]}',
        '["a", "b"]',
        '{"text": "a"}\n\n{"text":\n"b"}',
        '{"text": ["a", "b"]}',
        '{"text": {"0": "a", "1": "b"}}',
        '{"0": {"text": "a"}, "1": {"text": "b"}}',
        '{"columns": ["text"], "index": [0, 1], "data": [["a"], ["b"]]}',
    ],
)
def test_a_list_is_found_where_people_put_it(inspected: Inspect, content: str) -> None:
    found = inspected(content, "data.json")
    assert found.format == "json"
    assert found.preview == [{"text": "a"}, {"text": "b"}]
    assert found.problems == found.warnings == []


def test_a_single_object_is_one_example(inspected: Inspect) -> None:
    assert inspected('{\n "prompt": "a",\n "completion": "b"\n}', "data.json").preview == [{"prompt": "a", "completion": "b"}]


def test_a_second_list_is_left_out_and_said_to_be(inspected: Inspect) -> None:
    found = inspected('{"train":[{"text":"a"}],"test":[{"text":"b"}]}', "data.json")
    assert found.num_examples == 1
    assert [warning.told for warning in found.warnings] == [
        'The list under "test" was left out; the one under "train" was read. Upload it as a file of its own if it should be learned too.'
    ]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ('[\n{"text":"a"},\n{"text":"b"},\n]', 4, "Line 4: not valid JSON (expected a value at column 1)"),
        ('[\n{"text":"a"}\n{"text":"b"}]', 3, "Line 3: not valid JSON (expected ',' or ']' at column 1)"),
        ('[\n{"text":"a"},\n{"text":\n"b" 1}]', 4, "Line 4: not valid JSON (expected ',' at column 5)"),
        ('[{"text":"a"}', 1, "Line 1: not valid JSON (expected ',' or ']' at column 14)"),
        ('[{"text":"a"}]\nmore', 2, "Line 2: not valid JSON (something after the end of the data at column 1)"),
        ('{"data":[{"text":"a"}],}', 1, "Line 1: not valid JSON (a comma too many"),
        ('{"data":[{"text":"a"}] "x":1}', 1, "Line 1: not valid JSON (expected ',' or '}' at column 24)"),
        ("{data: []}", 1, "Line 1: not valid JSON (expected a key in double quotes at column 2)"),
        ("[" * 100_000, 1, "Line 1: not valid JSON (nested too deeply)"),
        ('{"a":' * 100_000, 1, "Line 1: not valid JSON (nested too deeply)"),
        ('[{"text":\n NaN}]', 1, "Line 1: not valid JSON (NaN is no JSON number)"),
        ('[{"text":' + "1" * 10_000 + "}]", 1, "Line 1: not valid JSON (a number with too many digits)"),
        ('[\n{"text":"a"},\n{"prompt":"b","completion":\ntrue}]', 3, 'Line 3: "completion" must be a text, not true'),
        ('[{"text":"a"},\n\n"b"]', 3, "Line 3: expected a JSON object, found a text"),
        ('[\n{"text":"\\ud800"}]', 2, "Line 2: The text holds half of a surrogate pair"),
        ("42", 1, "Line 1: expected a list of objects, found the number 42"),
    ],
)
def test_what_is_wrong_is_placed_by_line(inspected: Inspect, content: str, line: int, message: str) -> None:
    [problem] = inspected(content, "data.json").problems
    assert (problem.line, problem.fatal) == (line, True)
    assert problem.told.startswith(message)


@pytest.mark.parametrize("content", ["[]", "{}", '{"data":[]}', '{"train":[],"x":{}}'])
def test_an_empty_list_is_no_data(inspected: Inspect, content: str) -> None:
    assert len(inspected(content, "data.json").problems) == 1


def test_all_bad_rows_are_told_at_once(inspected: Inspect) -> None:
    found = inspected("[\n" + ",\n".join(['{"text":true}'] * 30) + "]", "data.json")
    assert [problem.line for problem in found.problems] == list(range(2, 22))


def test_a_file_that_is_too_large_is_sent_to_jsonl(inspected: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "MAX_JSON_BYTES", 1 << 20)
    [problem] = inspected('[{"text":"' + "a" * (1 << 20) + '"}]', "data.json").problems
    assert problem.told == "A JSON file may have at most 1 MB. Save larger data as JSONL, one object a line."
