"""CSV: a header, then one example a row. The delimiter is found out; fields may hold line breaks when quoted."""

import csv
import io
from collections.abc import Iterator
from typing import TextIO

from shared.constants import MAX_EXAMPLE_CHARACTERS
from shared.reading.examples import UNDERSTOOD, Example, ReadProblem, pair_in, quoted
from shared.reading.lines import MAX_LINE_CHARACTERS, LineTooLong, numbered_lines
from shared.reading.rows import example_of_row

MAX_COLUMNS = 1_000
_DELIMITERS = ",;\t|"


def read_csv(stream: TextIO, sample: str) -> Iterator[Example | ReadProblem]:
    """`sample` is the beginning of the same text."""
    csv.field_size_limit(MAX_EXAMPLE_CHARACTERS)  # for the whole process; everyone here wants the same
    lines = _RecordLines(stream)
    rows = csv.reader(lines, delimiter=_delimiter(sample), strict=True)
    try:
        header = _header(rows)
        if isinstance(header, ReadProblem):
            yield header
        elif header:
            yield from _rows(rows, header, lines)
    except LineTooLong as error:
        yield ReadProblem(error.line, str(error), fatal=True)
    except _RecordTooLong as error:
        yield ReadProblem(error.line, f"Line {error.line}: this row is too long; is a quote missing? {error}", fatal=True)


class _RecordTooLong(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(f"At most {MAX_LINE_CHARACTERS:,} characters fit in a row.")
        self.line = line


class _RecordLines:
    """Feeds the csv reader and stops it when one record swallows line after line."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = numbered_lines(stream)
        self._number = 0
        self.begin()

    def begin(self) -> int:
        """Marks the start of a record; says in which line that is."""
        self._length = 0
        self._first = self._number + 1
        return self._first

    def __iter__(self) -> "_RecordLines":
        return self

    def __next__(self) -> str:
        self._number, line = next(self._lines)
        self._length += len(line)
        if self._length > MAX_LINE_CHARACTERS:
            raise _RecordTooLong(self._first)
        return line


def _delimiter(sample: str) -> str:
    """The delimiter under which the header has known columns; else the one that gives the most columns."""
    return max(_DELIMITERS, key=lambda delimiter: _merit(sample, delimiter))


def _merit(sample: str, delimiter: str) -> tuple[bool, int]:
    lines = (line for line in io.StringIO(sample) if line.strip())
    try:
        header = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return False, 0
    names = [_name(cell) for cell in header]
    return _understood(names), len(names)


def _name(cell: str) -> str:
    return cell.strip().lower()


def _understood(names: list[str]) -> bool:
    return "text" in names or pair_in(names) is not None


def _header(rows: Iterator[list[str]]) -> list[str] | ReadProblem:
    """The names of the columns in small letters; none in an empty file."""
    try:
        cells = next((row for row in rows if any(cell.strip() for cell in row)), [])
    except csv.Error as error:
        return ReadProblem(1, f"Line 1: the header cannot be read ({_reason(error)}).", fatal=True)
    names = [_name(cell) for cell in cells]
    if len(names) > MAX_COLUMNS:
        message = f"Line 1: {len(names):,} columns; at most {MAX_COLUMNS:,} are read. Keep only those to learn from."
        return ReadProblem(1, message, fatal=True)
    if names and not _understood(names):
        found = ", ".join(quoted(cell.strip()) for cell in cells[:12])
        more = f" and {len(cells) - 12} more" if len(cells) > 12 else ""
        message = f"Line 1: no known columns (found: {found}{more}). Name the columns {UNDERSTOOD} in a header row."
        return ReadProblem(1, message, fatal=True)
    wanted = {"text", "input", *(pair_in(names) or ())}
    if doubled := next((name for name in names if name in wanted and names.count(name) > 1), None):
        return ReadProblem(1, f'Line 1: the column "{doubled}" is there twice. Rename or remove one.', fatal=True)
    return names


def _rows(rows: Iterator[list[str]], header: list[str], lines: _RecordLines) -> Iterator[Example | ReadProblem]:
    wanted = list(pair_in(header) or ("text",))
    needed = max(map(header.index, wanted)) + 1
    if wanted[0] == "instruction" and "input" in header:
        wanted.append("input")
    while True:
        line = lines.begin()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield ReadProblem(line, f"Line {line}: {_reason(error)}. Fix or remove that row.", fatal=True)
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if not needed <= len(cells) <= len(header):
            width = f"{len(cells)} columns, but the header has {len(header)}"
            message = f"Line {line}: {width}. Put texts that hold the delimiter in double quotes."
            yield ReadProblem(line, message, fatal=True)
            continue
        by_name = dict(zip(header, cells, strict=False))
        yield example_of_row({name: by_name.get(name, "") for name in wanted}, line)


def _reason(error: csv.Error) -> str:
    match str(error):
        case "unexpected end of data":
            return "a double quote is opened and never closed"
        case message if "field larger" in message:
            return f"a field has more than {MAX_EXAMPLE_CHARACTERS:,} characters, or a double quote is never closed"
        case message if "expected after" in message:
            return "something stands between a closing double quote and the delimiter; write a quote inside a text twice"
        case message if "new-line" in message:
            return "a lone line break inside a field that is not quoted"
        case message:
            return message
