"""JSON: a list of objects, or an object with such a list under "data", "examples" or "train".

The text is held whole (hence the limit), the values only one at a time. After the first syntax error nothing more can be known.
"""

import re
from collections.abc import Iterator
from typing import Any

from shared.reading.decoding import Source
from shared.reading.examples import Example, ReadProblem, kind_of, quoted
from shared.reading.json_errors import NotJson, decode_at
from shared.reading.rows import example_of_row

MAX_JSON_BYTES = 256 << 20
_LIST_KEYS = ("data", "examples", "train")
_SPACE = re.compile(r"[ \t\r\n]*")


def read_json(source: Source) -> Iterator[Example | ReadProblem]:
    if source.file.seek(0, 2) > MAX_JSON_BYTES:
        limit = f"{MAX_JSON_BYTES >> 20} MB"
        yield ReadProblem(None, f"A JSON file may have at most {limit}. Save larger data as JSONL, one object a line.", fatal=True)
        return
    with source.text() as stream:
        scan = _Scan(stream.read())
    try:
        yield from _rows(scan)
    except NotJson as error:
        line = scan.line_of(scan.position if error.offset is None else error.offset)
        yield ReadProblem(line, f"Line {line}: not valid JSON ({error}). Fix it and upload the file again.", fatal=True)


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


def _rows(scan: _Scan) -> Iterator[Example | ReadProblem]:
    match scan.peek():
        case "[":
            yield from _list(scan)
        case "{":
            yield from _object(scan)
        case _:
            value = scan.value()
            yield ReadProblem(1, f"Line 1: expected a list of objects, found {kind_of(value)}.", fatal=True)
    if scan.peek():
        scan.fail("something after the end of the data")


def _list(scan: _Scan) -> Iterator[Example | ReadProblem]:
    scan.take("[", "'['")
    if scan.peek() == "]":
        scan.position += 1
        return
    while True:
        scan.peek()
        line = scan.line_of(scan.position)
        row = scan.value()
        if isinstance(row, dict):
            yield example_of_row(row, line)
        else:
            yield ReadProblem(line, f"Line {line}: expected a JSON object, found {kind_of(row)}. Fix or remove it.", fatal=True)
        if scan.take(",]", "',' or ']'") == "]":
            return


def _object(scan: _Scan) -> Iterator[Example | ReadProblem]:
    """The first list under a known key gives the examples; an object without one may itself be a single example."""
    others: dict[str, Any] = {}
    taken: str | None = None
    scan.take("{", "'{'")
    while scan.peek() != "}":
        if scan.peek() != '"':
            scan.fail("expected a key in double quotes")
        key = scan.value()
        scan.take(":", "':'")
        if taken is None and key in _LIST_KEYS and scan.peek() == "[":
            taken = key
            yield from _list(scan)
        else:
            others[key] = scan.value()
        if scan.take(",}", "',' or '}'") == "}":
            break
        if scan.peek() == "}":
            scan.fail("a comma too many")
    else:
        scan.position += 1
    if taken is None:
        yield _single(others)
        return
    for key, value in others.items():
        if isinstance(value, list):
            yield ReadProblem(None, f'The list under {quoted(key)} was left out; the one under "{taken}" was read.', fatal=False)


def _single(row: dict[str, Any]) -> Example | ReadProblem:
    found = example_of_row(row, 1)
    if isinstance(found, ReadProblem) and found.fatal and not {"messages", "conversations", "text", "prompt", "completion"} & row.keys():
        return ReadProblem(1, 'Line 1: expected a list of objects, or an object with one under "data", "examples" or "train".', fatal=True)
    return found
