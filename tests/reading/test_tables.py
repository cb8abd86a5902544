"""CSV: delimiters, headers, quoting, and how broken rows are told."""

from collections.abc import Callable

import pytest

from shared.reading import Inspection, table

Inspect = Callable[..., Inspection]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(inspected: Inspect, delimiter: str) -> None:
    rows = [["id", "Prompt", " COMPLETION "], ["1", '"Why, oh why?"', '"Because; so|so"']]
    found = inspected("\n".join(map(delimiter.join, rows)), "rows.csv")
    assert found.preview == [{"prompt": "Why, oh why?", "completion": "Because; so|so"}]
    assert found.problems == []


@pytest.mark.parametrize(
    ("content", "example"),
    [
        ("text\nhello\n", {"text": "hello"}),
        ("question,answer\na,b\n", {"prompt": "a", "completion": "b"}),
        ("instruction,input,output\nAdd,2 2,4\n", {"prompt": "Add\n\n2 2", "completion": "4"}),
        ("instruction,input,output\nAdd,,4\n", {"prompt": "Add", "completion": "4"}),
        ("instruction,output\nAdd,4\n", {"prompt": "Add", "completion": "4"}),
        ("input,output\n2,4\n", {"prompt": "2", "completion": "4"}),
        ("text,note\nhello\n", {"text": "hello"}),
    ],
)
def test_known_columns(inspected: Inspect, content: str, example: dict[str, str]) -> None:
    found = inspected(content, "rows.csv")
    assert found.preview == [example]
    assert found.problems == []


def test_fields_may_hold_line_breaks_quotes_and_delimiters(inspected: Inspect) -> None:
    found = inspected('\n\nprompt,completion\r\n"first\r\nsecond","say ""yes"", please"\r\n\r\n"x","y"', "rows.csv")
    assert found.preview == [{"prompt": "first\nsecond", "completion": 'say "yes", please'}, {"prompt": "x", "completion": "y"}]


def test_unknown_columns_are_asked_about(inspected: Inspect) -> None:
    found = inspected("Foo;Bar\n1;2\n", "rows.csv")
    assert (found.needs_mapping, found.problems, found.num_examples) == (True, [], 0)
    assert found.columns == [{"name": "Foo", "example": "1"}, {"name": "Bar", "example": "2"}]


def test_a_mapping_says_which_columns_to_learn(inspected: Inspect) -> None:
    mapping = {"shape": "prompt_completion", "columns": {"prompt": "Foo", "completion": "Bar"}}
    found = inspected("Foo;Bar\n1;2\n", "rows.csv", mapping=mapping)
    assert (found.preview, found.mapping, found.needs_mapping) == ([{"prompt": "1", "completion": "2"}], mapping, False)


def test_a_file_without_header_has_numbered_columns(inspected: Inspect) -> None:
    content = "What is it?,A pump.\nAnd this?,A valve.\n"
    assert inspected(content, "rows.csv").columns[0] == {"name": "Column 1", "example": "What is it?"}
    mapping = {"shape": "prompt_completion", "columns": {"prompt": "Column 1", "completion": "Column 2"}}
    assert inspected(content, "rows.csv", mapping=mapping).num_examples == 2


def test_rows_of_the_wrong_width_are_told_by_their_first_line(inspected: Inspect) -> None:
    found = inspected('prompt,completion\n"a\nb",c\nonly one\nx,y,z\n\nlast,good\n', "rows.csv")
    assert [(problem.line, problem.told[:44]) for problem in found.problems] == [
        (4, "Line 4: 1 columns, but the header has 2. Put"),
        (5, "Line 5: 3 columns, but the header has 2. Put"),
    ]
    assert found.num_examples == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [('"a"b,c', "a quote inside a text twice"), ('"never closed,c\nmore\nand more', "opened and never closed")],
)
def test_broken_quotes(inspected: Inspect, row: str, reason: str) -> None:
    [problem] = inspected(f"prompt,completion\ngood,row\n{row}", "rows.csv").problems
    assert problem.line == 3
    assert reason in problem.told


def test_a_field_that_swallows_the_file_is_stopped_early(inspected: Inspect) -> None:
    found = inspected('text\n"' + "never closed\n" * 100_000, "rows.csv")
    assert found.problems[0].line == 2
    assert "more than 1,000,000 characters, or a double quote is never closed" in found.problems[0].told


def test_a_row_that_goes_on_and_on_over_many_fields_is_stopped(inspected: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_LINE_CHARACTERS", 1_000)
    [problem] = inspected("text\n" + '"a\n",' * 1_000, "rows.csv").problems
    assert problem.line == 2
    assert "this row is too long" in problem.told


def test_ten_thousand_columns_are_refused(inspected: Inspect) -> None:
    [problem] = inspected(",".join(f"column{index}" for index in range(10_000)) + "\n1,2\n", "rows.csv").problems
    assert problem.told.startswith("Line 1: 10,000 columns; at most 1,000 are read.")


def test_a_row_of_a_hundred_thousand_cells_is_a_wide_row(inspected: Inspect) -> None:
    [problem] = inspected("text\na" + ",b" * 100_000, "rows.csv").problems
    assert problem.told.startswith("Line 2: 100001 columns, but the header has 1.")


def test_a_column_that_is_there_twice_is_refused(inspected: Inspect) -> None:
    [problem] = inspected("text,Text\na,b\n", "rows.csv").problems
    assert problem.told == 'Line 1: the column "text" is there twice. Rename or remove one.'


def test_empty_cells_are_a_warning(inspected: Inspect) -> None:
    found = inspected("prompt,completion\na,\nb,c\n", "rows.csv")
    assert [warning.told for warning in found.warnings] == ['Line 2: "completion" is empty, so this row was left out.']
    assert found.num_examples == 1


def test_a_header_alone_is_no_data(inspected: Inspect) -> None:
    [problem] = inspected("prompt,completion\n", "rows.csv").problems
    assert problem.told == "The file holds no examples. Choose one with text in it."
