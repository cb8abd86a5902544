"""JSON: a list of rows, an object that holds one, or a table written column by column as pandas does.

The text is held whole (hence the limit), the values of a list only one at a time. After the first syntax error nothing more can be known.
"""

import re
from collections.abc import Iterator
from typing import Any

from shared.reading.decoding import Source
from shared.reading.examples import ReadProblem, kind_of, quoted
from shared.reading.json_errors import NotJson, decode_at
from shared.reading.shaping import Row

MAX_JSON_BYTES = 256 << 20
_LIST_KEYS = ("data", "examples", "train", "rows", "items", "records", "samples", "dataset", "training", "entries", "results")
_ROW_KEYS = ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat", "contents", "items")
"""Lists under these are the messages of one conversation when what they hold are messages."""
_SPACE = re.compile(r"[ \t\r\n]*")
_MAX_KEY_LINES = 1_000
_SCALARS = (str, int, float, type(None))


def read_json(source: Source, size: int) -> Iterator[Row | ReadProblem]:
    if size > MAX_JSON_BYTES:
        limit = f"{MAX_JSON_BYTES >> 20} MB"
        yield ReadProblem(None, f"A JSON file may have at most {limit}.", True, "Save larger data as JSONL, one object a line.")
        return
    with source.text() as stream:
        scan = _Scan(stream.read())
    try:
        yield from _rows(scan)
    except NotJson as error:
        line = scan.line_of(scan.position if error.offset is None else error.offset)
        yield ReadProblem(line, f"Line {line}: not valid JSON ({error}).", True, "Fix it and upload the file again.")


class _Scan:
    """A position in the text that only moves forward, with its line number."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._counted_to, self._line = 0, 1

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # matches the empty text too
        return self.text[self.position : self.position + 1]

    def take(self, characters: str, wanted: str) -> str:
        found = self.peek()
        if not found or found not in characters:
            self.fail(f"expected {wanted}")
        self.position += 1
        return found

    def value(self) -> Any:
        self.peek()
        value, self.position = decode_at(self.text, self.position)
        return value

    def line_of(self, offset: int) -> int:
        if offset >= self._counted_to:
            self._line += self.text.count("\n", self._counted_to, offset)
            self._counted_to = offset
        return self._line

    def fail(self, reason: str) -> None:
        column = self.position - self.text.rfind("\n", 0, self.position)
        raise NotJson(f"{reason} at column {column}", self.position)


def _rows(scan: _Scan) -> Iterator[Row | ReadProblem]:
    match scan.peek():
        case "[":
            yield from _list(scan)
        case "{":
            yield from _objects(scan)
        case _:
            value = scan.value()
            yield ReadProblem(
                1, f"Line 1: expected a list of objects, found {kind_of(value)}.", True, "Upload a list with one object an example."
            )
    if scan.peek():
        scan.fail("something after the end of the data")


def _list(scan: _Scan) -> Iterator[Row | ReadProblem]:
    scan.take("[", "'['")
    if scan.peek() == "]":
        scan.position += 1
        return
    while True:
        scan.peek()
        line = scan.line_of(scan.position)
        row = scan.value()
        if isinstance(row, dict) and isinstance(row.get("paragraphs"), list):
            yield from _questions(line, row["paragraphs"])
        else:
            yield line, row
        if scan.take(",]", "',' or ']'") == "]":
            return


def _questions(line: int, paragraphs: list[Any]) -> Iterator[Row]:
    """SQuAD as it was published: articles of paragraphs of questions of answers."""
    for paragraph in paragraphs:
        asked = paragraph.get("qas") if isinstance(paragraph, dict) else None
        for question in asked if isinstance(asked, list) else [None]:
            if not isinstance(question, dict):
                yield line, paragraph
                continue
            answers = question.get("answers")
            texts = (
                [answer["text"] for answer in answers if isinstance(answer, dict) and "text" in answer] if isinstance(answers, list) else []
            )
            yield line, {"context": paragraph.get("context"), "question": question.get("question"), "answer": {"text": texts}}


def _objects(scan: _Scan) -> Iterator[Row | ReadProblem]:
    """One object, or several without commas between, as some programs print them."""
    first = scan.line_of(scan.position)
    begun = scan.position
    yield from _object(scan, first)
    while scan.position > begun and scan.peek() == "{":
        line = scan.line_of(scan.position)
        yield line, scan.value()


def _object(scan: _Scan, first: int) -> Iterator[Row | ReadProblem]:
    """The first list of rows under a well-known key is streamed. What else the object may be is only known at its end."""
    others: dict[str, Any] = {}
    places: dict[str, int] = {}
    taken: str | None = None
    scan.take("{", "'{'")
    while scan.peek() != "}":
        if scan.peek() != '"':
            scan.fail("expected a key in double quotes")
        key = scan.value()
        scan.take(":", "':'")
        if taken is None and key in _LIST_KEYS and scan.peek() == "[" and _begins_rows(scan, key, others):
            taken = key
            yield from _list(scan)
        else:
            scan.peek()
            if len(places) < _MAX_KEY_LINES:
                places[key] = scan.line_of(scan.position)
            others[key] = scan.value()
        if scan.take(",}", "',' or '}'") == "}":
            break
        if scan.peek() == "}":
            scan.fail("a comma too many")
    else:
        scan.position += 1
    if taken is None:
        rows, left = _inside(others, places, first)
        yield from rows
    else:
        left = [key for key, value in others.items() if isinstance(value, list)]
        rows = []
    for key in left:
        message = f"The list under {quoted(key)} was left out{f'; the one under {quoted(taken)} was read' if taken else ''}."
        yield ReadProblem(None, message, fatal=False, fix="Upload it as a file of its own if it should be learned too.")


def _begins_rows(scan: _Scan, key: str, others: dict[str, Any]) -> bool:
    """Not the messages of a conversation (ShareGPT once called them "items"), nor columns that pandas has split off."""
    if key == "data" and "columns" in others:
        return False
    opening = scan.text[scan.position : scan.position + 300]
    return not (key in _ROW_KEYS and re.search(r'"(role|from|speaker)"\s*:', opening))


def _inside(held: dict[str, Any], places: dict[str, int], first: int) -> tuple[list[Row | ReadProblem], list[str]]:
    """The rows of an object that was read whole, and the keys of lists that were not used."""
    from shared.reading.columns import find_mapping

    if not held:
        return [], []
    names, data = held.get("columns"), held.get("data")
    if isinstance(names, list) and isinstance(data, list) and data and all(isinstance(cells, list) for cells in data):  # orient="split"
        return [(first, dict(zip(map(str, names), cells, strict=False))) for cells in data], []
    values = list(held.values())
    if all(isinstance(value, dict) for value in values):  # orient="index", or splits by name
        if all(key.isdecimal() for key in held) or all(find_mapping(list(value), value) for value in values[:20]):
            return [(places.get(key, first), value) for key, value in held.items()], []
        if len(held) == 1 and any(isinstance(inner, list) for inner in values[0].values()):
            return _inside(values[0], {}, first)
    mapping = find_mapping(list(held), held)
    parts = {key: held[key] for key in mapping.columns.values()} if mapping else held
    if (mapping is None or mapping.shape != "messages") and (rows := _transposed(parts, first)):
        return rows, []
    if mapping:
        return [(first, held)], []
    lists = [key for key, value in held.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if lists:
        best = next((key for key in lists if find_mapping(list(held[key][0]), held[key][0])), lists[0])
        return [(places.get(best, first), row) for row in held[best]], [key for key in lists if key != best]
    return [(first, held)], []


def _transposed(columns: dict[str, Any], first: int) -> list[Row | ReadProblem]:
    """{"prompt": ["a", "b"], ...} or {"prompt": {"0": "a", "1": "b"}, ...}: a row for each place that all columns have."""
    values = list(columns.values())
    places: list[list[Any]]
    if all(isinstance(value, list) for value in values):
        places = [list(range(len(value))) for value in values]
    elif all(isinstance(value, dict) and len(value) > 0 for value in values):
        places = [list(value) for value in values]
        if len(values) == 1 and not all(key.isdecimal() for key in values[0]):
            return []
    else:
        return []
    if any(place != places[0] for place in places) or not all(isinstance(value[at], _SCALARS) for value in values for at in places[0]):
        return []
    return [(first, {name: value[at] for name, value in columns.items()}) for at in places[0]]
