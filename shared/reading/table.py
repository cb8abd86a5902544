"""CSV and TSV: a header, then one row an example. The delimiter is found out; fields may hold line breaks when quoted."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from shared.constants import MAX_EXAMPLE_CHARACTERS
from shared.reading.columns import plain
from shared.reading.decoding import Source
from shared.reading.examples import ReadProblem, quoted
from shared.reading.lines import MAX_LINE_CHARACTERS, LineTooLong, numbered_lines
from shared.reading.shaping import Row, Shaper
from shared.reading.sniffing import delimiter_of, first_records

MAX_COLUMNS = 1_000
_LONGEST_HEADING = 60


def read_table(source: Source, sample: str, shaper: Shaper) -> Iterator[Row | ReadProblem]:
    """`sample` is the beginning of the same text; `shaper` is only asked which columns matter."""
    csv.field_size_limit(MAX_EXAMPLE_CHARACTERS)  # for the whole process; everyone here wants the same
    with source.text() as stream:
        table = _Table(stream, delimiter_of(sample), escaped=_quotes_are_escaped(sample), spaced=_quotes_stand_apart(sample))
        try:
            yield from table.rows(shaper)
        except LineTooLong as error:
            yield ReadProblem(error.line, str(error), True, error.fix)
        except _RecordTooLong as error:
            message = f"Line {error.line}: this row is too long; is a quote missing?"
            yield ReadProblem(error.line, message, True, f"At most {MAX_LINE_CHARACTERS:,} characters fit in a row.")


def _quotes_are_escaped(sample: str) -> bool:
    r"""Whether quotes inside fields are written \" (as databases export them) and not ""."""
    return '\\"' in sample and '\\""' not in sample and '""' not in sample.replace('\\"', "").replace('"",', "").replace(',""', "")


def _quotes_stand_apart(sample: str) -> bool:
    """Whether a blank stands between the delimiter and the quote that opens a field: "a", "b"."""
    return any(cell.startswith(' "') for record in first_records(sample, delimiter_of(sample)) for cell in record)


class _RecordTooLong(Exception):
    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class _RecordLines:
    """Feeds the csv reader, stops it when one record swallows line after line, and can give the lines of a record once more."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = numbered_lines(stream)
        self._again: deque[tuple[int, str]] = deque()
        self._number = 0
        self.begin()

    def begin(self) -> int:
        """Marks the start of a record; says in which line that is."""
        self._taken: list[tuple[int, str]] = []
        self._length = 0
        return self._again[0][0] if self._again else self._number + 1

    def __iter__(self) -> "_RecordLines":
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self._number = max(number, self._number)
        self._taken.append((number, line))
        self._length += len(line)
        if self._length > MAX_LINE_CHARACTERS:
            raise _RecordTooLong(self._taken[0][0])
        return line

    def give_back(self) -> None:
        self._again.extendleft(reversed(self._taken))


class _Table:
    def __init__(self, stream: TextIO, delimiter: str, *, escaped: bool, spaced: bool) -> None:
        self._lines = _RecordLines(stream)
        self._delimiter = delimiter
        self._escaped = escaped
        self._spaced = spaced
        self._literal = False
        """Quotes mean nothing any more: the TSV has one that is never closed, so it is of the kind that does not use them."""
        self._records = self._reader()

    def _reader(self) -> Iterator[list[str]]:
        if self._literal:
            return csv.reader(self._lines, delimiter=self._delimiter, quoting=csv.QUOTE_NONE)
        if self._escaped:
            return csv.reader(
                self._lines, delimiter=self._delimiter, strict=True, escapechar="\\", doublequote=False, skipinitialspace=self._spaced
            )
        return csv.reader(self._lines, delimiter=self._delimiter, strict=True, skipinitialspace=self._spaced)

    def rows(self, shaper: Shaper) -> Iterator[Row | ReadProblem]:
        found = self._header(shaper)
        if found is None:
            return
        if isinstance(found, ReadProblem):
            yield found
            return
        names, first = found
        width = len(names)
        if first is not None:
            yield first
        for record in self._all_records():
            if isinstance(record, ReadProblem):
                yield record
                continue
            line, cells = record
            if len(cells) > width and not any(map(str.strip, cells[width:])):
                cells = cells[:width]
            if len(cells) == width:
                yield line, dict(zip(names, cells, strict=True))
            elif len(cells) < width and self._enough(names, cells, shaper):
                yield line, dict(zip(names, cells + [""] * (width - len(cells)), strict=True))
            else:
                message = f"Line {line}: {len(cells)} columns, but the header has {width}."
                yield ReadProblem(line, message, True, "Put texts that hold the delimiter in double quotes.", skippable=True)

    def _enough(self, names: list[str], cells: list[str], shaper: Shaper) -> bool:
        """Whether a short row has all the columns that matter: spreadsheets leave empty cells at the end away."""
        row = dict.fromkeys(names, "")
        found = shaper.mapping_of(row)
        wanted = [] if found is None else [name for role, name in found.columns.items() if role != "input" and name in row]
        return bool(wanted) and max(map(names.index, wanted)) < len(cells)

    def _all_records(self) -> Iterator[tuple[int, list[str]] | ReadProblem]:
        while True:
            line = self._lines.begin()
            try:
                cells = next(self._records, None)
            except csv.Error as error:
                if self._delimiter == "\t" and not self._literal:
                    self._literal = True
                    self._lines.give_back()
                    self._records = self._reader()
                    continue
                yield ReadProblem(line, f"Line {line}: {_reason(error)}.", True, "Fix or remove that row.", skippable=True)
                continue
            if cells is None:
                return
            if any(cells) and any(map(str.strip, cells)) and cells != ["\x1a"]:  # which ended files under DOS
                yield line, cells

    def _header(self, shaper: Shaper) -> tuple[list[str], Row | None] | ReadProblem | None:
        """The names of the columns, and the first row where there is no header; None for an empty file."""
        first = next(self._all_records(), None)
        if first is None or isinstance(first, ReadProblem):
            return first
        line, cells = first
        if len(cells) == 1 and cells[0][:4].lower() == "sep=" or cells[0].lower() == "sep=" and not any(cells[1:]):
            return self._header(shaper)
        if len(cells) == 1 and cells[0].lstrip().startswith("#"):  # a remark of the program that wrote the table
            return self._header(shaper)
        if len(cells) > MAX_COLUMNS:
            message = f"Line {line}: {len(cells):,} columns; at most {MAX_COLUMNS:,} are read."
            return ReadProblem(line, message, True, "Keep only those to learn from.")
        while len(cells) > 1 and not cells[-1].strip():  # a delimiter at the end of every line
            cells.pop()
        names = _distinct([cell.strip() for cell in cells])
        if _is_data(cells, shaper):
            names = [f"Column {number}" for number in range(1, len(cells) + 1)]
            return names, (line, dict(zip(names, cells, strict=True)))
        if (doubled := _doubled(cells, names, shaper)) is not None:
            return ReadProblem(line, f"Line {line}: the column {quoted(doubled)} is there twice.", True, "Rename or remove one.")
        return names, None


def _distinct(cells: list[str]) -> list[str]:
    """Names for all columns: empty ones get their number, repeated ones a number behind."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell or f"Column {number}"
        copy = 2
        while name in names:
            name, copy = f"{cell} ({copy})", copy + 1
        names.append(name)
    return names


def _doubled(cells: list[str], names: list[str], shaper: Shaper) -> str | None:
    """A column that matters and is there twice; when a person has chosen the columns, their names are clear."""
    if shaper.given is not None:
        return None
    found = shaper.mapping_of(dict.fromkeys(names, ""))
    wanted = {plain(name): name for name in found.columns.values()} if found else {}
    spelled = [plain(cell) for cell in cells]
    return next((name for word, name in wanted.items() if spelled.count(word) > 1), None)


def _is_data(cells: list[str], shaper: Shaper) -> bool:
    """Whether the first line is a row like any other: headings are short, no sentences and no numbers."""
    if shaper.given is not None:
        wanted = set(shaper.given.values())
        present = {cell.strip() for cell in cells}
        return bool(wanted) and not wanted & present and all(name.startswith("Column ") for name in wanted)
    if shaper.mapping_of(dict.fromkeys((cell.strip() for cell in cells), "")) is not None and len(cells) > 1:
        return False
    return any(len(cell) > _LONGEST_HEADING or cell.rstrip().endswith((".", "?", "!", "…")) or cell.strip().isdecimal() for cell in cells)


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
