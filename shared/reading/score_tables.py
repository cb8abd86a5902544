"""Tables in a guide's text that hold texts with their scores: rows with bars or tabs between cells, under a row that names the columns."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.reading.score_lines import Found, value

_TEXTS = re.compile(
    r"(?:(?:student'?s?|sample|example|graded|marked)\s+)?"
    r"(?:text|answer|submission|essay|response|example|sample|entry|work|piece|paragraph|sentence|report|script)s?",
    re.IGNORECASE,
)
_SCORES = re.compile(
    r"(?:(?:total|overall|final)\s+)?(?:score|marks?|grade|points?|rating)s?(?:\s+(?:awarded|given))?"
    r"\s*(?:[(\[]?\s*(?:/|out\s+of|of|0\s*[-–]|max\.?)\s*(?P<most>\d{1,4})\s*[)\]]?)?",
    re.IGNORECASE,
)
_RULE = re.compile(r"[\s|:+=-]+")


class Row(NamedTuple):
    """`line` is the row's own; `lines` those that it is made of: itself, and for the first row the table's head."""

    text: str
    found: Found
    line: int
    lines: list[int]


def rows_of_tables(lines: Sequence[str]) -> Iterator[Row]:
    """Rows with a text and a readable score. A table whose columns are named otherwise is none of ours: rubrics look alike."""
    columns: tuple[int, int, float | None, int] | None = None
    head: list[int] = []
    for number, line in enumerate(lines):
        cells = _cells(line)
        if cells is None:
            columns, head = None, []
        elif columns is None:
            columns, head = _columns(cells), [number]
        elif _RULE.fullmatch(line):
            head.append(number)
        elif len(cells) == columns[3]:
            text, found = cells[columns[0]], value(cells[columns[1]], columns[2])
            if found is not None and text:
                yield Row(text, found, number, [*head, number])
                head = []


def _columns(cells: Sequence[str]) -> tuple[int, int, float | None, int] | None:
    """Which column holds the texts and which the scores, what the most is, and how many columns there are."""
    texts = [place for place, cell in enumerate(cells) if _TEXTS.fullmatch(cell)]
    scores = [(place, match) for place, cell in enumerate(cells) if (match := _SCORES.fullmatch(cell))]
    if len(texts) != 1 or len(scores) != 1:
        return None
    place, match = scores[0]
    return texts[0], place, float(match["most"]) if match["most"] else None, len(cells)


def _cells(line: str) -> list[str] | None:
    """None for a line that is no row."""
    if "|" in line:
        inner = line.strip().removeprefix("|").removesuffix("|")
        return [cell.strip(" \t*_") for cell in inner.split("|")]
    return [cell.strip() for cell in line.split("\t")] if "\t" in line.strip() else None
