"""From rows, submissions and examples to the items of a test set, with every reason why one cannot be an item. Pure."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from server.errors import Detail, InvalidInput
from shared.grading import grader_problem, item_problem
from shared.grading.numbers import last_number
from shared.score_question import score_prompt
from shared.wire import Grader, Message, TestColumns, TestItem

MAX_DETAILS: Final = 50
_MAX_LABEL: Final = 500
_MAX_SCORE_CHARACTERS: Final = 30
_WORDS_OF_SCORES: Final = frozenset({"out", "of", "point", "points", "pts", "mark", "marks", "score"})


@dataclass
class Drafts:
    """Items on their way, and what is wrong with those that are none. `lines` are the places of the items, where they came of rows."""

    items: list[TestItem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Detail] = field(default_factory=list)

    def take(self, line: int | None, **parts: Any) -> None:
        try:
            item = TestItem(**parts)
        except ValidationError as error:
            self.refuse(line, str(error.errors()[0]["msg"]))
            return
        self.items.append(item)
        if line is not None:
            self.lines[item.id] = line

    def refuse(self, line: int | None, message: str, fix: str = "") -> None:
        where = "" if line is None else f"Row {line}: "
        self.problems.append(Detail(f"{where}{message}", param="document_id", line=line, fix=fix))


def of_rows(rows: Iterable[Sequence[Any]], columns: TestColumns) -> Drafts:
    """Rows are [line, row]. A cell that is empty is nothing that is expected."""
    drafts = Drafts()
    for line, row in rows:
        if not isinstance(row, dict):
            drafts.refuse(line, "this is no row with named columns.")
        elif (missing := next((name for name in _needed(columns) if name not in row), None)) is not None:
            drafts.refuse(line, f"there is no {missing!r}.")
        else:
            _take_row(drafts, line, row, columns)
    return drafts


def of_examples(examples: Iterable[tuple[int, dict[str, Any]]]) -> Drafts:
    """Training examples, each with its place: what they teach is what is expected."""
    drafts = Drafts()
    for place, example in examples:
        item_id = f"example-{place + 1}"
        if "prompt" in example:
            drafts.take(place + 1, id=item_id, prompt=example["prompt"], expected=example["completion"])
        elif (asked := _asked_before_the_answer(example.get("messages"))) is not None and "preferred" not in example:
            drafts.take(place + 1, id=item_id, messages=asked[0], expected=asked[1])
        else:
            drafts.refuse(place + 1, "this example has no prompt with an answer, so nothing can be asked.")
    return drafts


def for_score(items: Iterable[TestItem]) -> list[TestItem]:
    """The same items, asked for a score in the words of training."""
    return [item if item.prompt is None else item.model_copy(update={"prompt": score_prompt(item.prompt)}) for item in items]


def check(drafts: Drafts, grader: Grader, *, needs_expected: bool, param: str) -> None:
    """Raises `InvalidInput` for a grader that cannot work, for items that it cannot grade, and for an empty set."""
    if (problem := grader_problem(grader)) is not None:
        raise InvalidInput(problem, code="test_sets.bad_grader", param="grader")
    problems = list(drafts.problems)
    for item in drafts.items:
        found = item_problem(grader, item)
        if found is None and needs_expected and not (item.expected or "").strip() and item.expected_score is None:
            found = "It needs an expected text, whose loss is to be measured."
        if found is not None:
            line = drafts.lines.get(item.id)
            where = f"Row {line}" if line is not None else repr(item.label or item.id)
            problems.append(Detail(f"{where}: {found}", param=param, line=line))
    if problems:
        more = f" ({len(problems) - 1} more below.)" if len(problems) > 1 else ""
        details = [Detail(one.message, param=param, line=one.line, fix=one.fix) for one in problems[:MAX_DETAILS]]
        raise InvalidInput(problems[0].message + more, code="test_sets.bad_items", param=param, details=details)
    if not drafts.items:
        raise InvalidInput("There is nothing to test with: the document holds no rows.", code="test_sets.empty", param=param)


def score_in(value: Any) -> float | None:
    """The number that a cell says, also of "7/10" and "7,5". None where it is empty. Raises `ValueError` for anything else."""
    if isinstance(value, bool):
        raise ValueError("true and false are no scores")
    if isinstance(value, int | float):
        return float(value)
    if value is None or not str(value).strip():
        return None
    text = str(value)
    words = {word.casefold() for word in re.findall(r"[^\W\d_]+", text)}
    found = last_number(text) if len(text) <= _MAX_SCORE_CHARACTERS and words <= _WORDS_OF_SCORES else None
    if found is None:
        raise ValueError(f"{text[:40]!r} is no score")
    return found


def _needed(columns: TestColumns) -> list[str]:
    return [name for name in (columns.prompt, columns.expected, columns.expected_score) if name is not None]


def _take_row(drafts: Drafts, line: int, row: dict[str, Any], columns: TestColumns) -> None:
    asked = row[columns.prompt]
    expected = None if columns.expected is None else _text(row[columns.expected])
    try:
        score = None if columns.expected_score is None else score_in(row[columns.expected_score])
    except ValueError as error:
        drafts.refuse(line, f"{error}.", "Write it as a number, such as 7 or 7.5.")
        return
    label = "" if columns.label is None else (_text(row.get(columns.label)) or "")[:_MAX_LABEL]
    common = {"id": f"row-{line}", "expected": expected, "expected_score": score, "label": label}
    if isinstance(asked, list):
        messages = _asked_before_the_answer(asked)
        if messages is None:
            drafts.refuse(line, f"{columns.prompt!r} is no conversation that a model could go on with.")
        else:
            drafts.take(line, **(common | {"messages": messages[0], "expected": expected or messages[1]}))
        return
    parts = [_text(asked), None if columns.input is None else _text(row.get(columns.input))]
    prompt = "\n\n".join(part for part in parts if part is not None)
    if not prompt:
        drafts.refuse(line, f"{columns.prompt!r} is empty.", "Fill it in, or remove the row.")
    else:
        drafts.take(line, **common, prompt=prompt)


def _text(value: Any) -> str | None:
    """A cell as text; None where it is empty. Numbers and JSON are written as people write them."""
    match value:
        case None:
            return None
        case str():
            return value if value.strip() else None
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _asked_before_the_answer(messages: Any) -> tuple[list[Message], str | None] | None:
    """The conversation up to its last answer, and that answer where it is the end."""
    try:
        said = [Message(role=one["role"], content=one["content"]) for one in messages or []]
    except (ValidationError, KeyError, TypeError):
        return None
    if not said:
        return None
    if said[-1].role != "assistant":
        return said, None
    return (said[:-1], said[-1].content) if len(said) > 1 else None
