"""`python -m shared.reading.contents --filename NAME [--options JSON] < FILE`: all that a file holds, in JSON (`Contents`).

Where an upload is looked through (`python -m shared.reading`) only counts and the beginning come back; this is for what is taken over
whole: the rows of a table of tests as they stand, the passages of a guide, the text of a submission. The same limits guard the server.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Literal

from shared.constants import DocumentFormat
from shared.reading.columns import plain
from shared.reading.examples import ReadProblem
from shared.reading.reading import Reading
from shared.reading.score_lines import value
from shared.reading.scored_items import guide_of
from shared.reading.shaping import Shaper
from shared.reading.watching import answer_of

MAX_CHARACTERS = 40_000_000
_TEXT_COLUMNS = ("text", "submission", "essay", "answer", "response", "content", "body", "work", "passage", "completion", "prompt")
_SCORE_COLUMNS = ("score", "expectedscore", "mark", "marks", "grade", "rating", "points")


@dataclass
class Contents:
    """`items` are [line, row] pairs as they stand in the file, or examples; of a guide its passages, and `scored` what was scored in it.
    `more`: the file holds more than was asked for."""

    items: list[Any] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    scored: list[dict[str, Any]] = field(default_factory=list)


class AsTheyStand(Shaper):
    """Hands rows on untouched: their parts are not those of an example."""

    def examples(self, rows: Any) -> Iterator[Any]:
        for item in rows:
            if isinstance(item, ReadProblem):
                yield item
            else:
                self._show(item[1])
                yield item


def contents_of(
    file: BinaryIO,
    *,
    filename: str,
    take: Literal["rows", "examples", "guide"],
    max_items: int,
    format: DocumentFormat | None = None,
    charset: str | None = None,
    mapping: dict[str, Any] | None = None,
    leave_out_bad: bool = False,
) -> Contents:
    """Everything up to `max_items`, and to a bound on their size together. Fatal problems are told and leave their row out."""
    shaper = Shaper if take == "examples" else AsTheyStand
    reading = Reading(file, filename=filename, format=format, charset=charset, mapping=mapping, leave_out_bad=leave_out_bad, shaper=shaper)
    found = Contents()
    num_characters = 0
    for item in reading.items():
        if isinstance(item, ReadProblem):
            if item.fatal and len(found.problems) < 50:
                found.problems.append(asdict(item))
            continue
        num_characters += _characters(item)
        if len(found.items) >= max_items or num_characters > MAX_CHARACTERS:
            found.more = True
            break
        found.items.append(item)
    found.columns = reading.columns
    return _as_guide(found) if take == "guide" else found


def _as_guide(found: Contents) -> Contents:
    """Of prose the scored items and the passages of everything else; of a table the scored items alone."""
    rows = [item for item in found.items if not isinstance(item, dict)]
    guide = guide_of("\n\n".join(item["text"] for item in found.items if isinstance(item, dict)))
    scored = [{"text": one.text, "score": one.score, "out_of": one.out_of, "place": f"line {one.line}"} for one in guide.items]
    return Contents(items=guide.passages, problems=found.problems, more=found.more, scored=scored + _scored_rows(rows, found.columns))


def _scored_rows(rows: list[Any], columns: dict[str, str]) -> list[dict[str, Any]]:
    """None where no column is known to hold texts, or scores."""
    known = {plain(name): name for name in reversed(columns)}
    text_column = next((known[word] for word in _TEXT_COLUMNS if word in known), None)
    score_column = next((known[word] for word in _SCORE_COLUMNS if word in known), None)
    if text_column is None or score_column is None:
        return []
    scored = []
    for line, row in rows:
        cells = row if isinstance(row, dict) else {}
        text, score = str(cells.get(text_column) or "").strip(), value(str(cells.get(score_column)), None)
        if text and score is not None:
            scored.append({"text": text, "score": score.score, "out_of": score.out_of, "place": f"row {line}"})
    return scored


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list | tuple) else 8


def main() -> None:
    parser = ArgumentParser(prog="python -m shared.reading.contents", description="Gives all that a file holds.")
    parser.add_argument("--filename", required=True, help="the file's name, a hint at its format")
    parser.add_argument("--options", default="{}", help="the arguments of `contents_of` as JSON")
    asked = parser.parse_args()
    begin = os.lseek(0, 0, os.SEEK_CUR)
    options = json.loads(asked.options)

    def work() -> bytes:
        found = asdict(contents_of(sys.stdin.buffer, filename=asked.filename, **options))
        return json.dumps(found, ensure_ascii=False, default=str).encode("utf-8", "replace")

    answer = answer_of(work, os.fstat(0).st_size)
    os.lseek(0, begin, os.SEEK_SET)  # the position is shared with whoever opened the file
    if isinstance(answer, tuple):
        message, fix = answer
        answer = json.dumps(asdict(Contents(problems=[asdict(ReadProblem(None, message, True, fix))]))).encode()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
