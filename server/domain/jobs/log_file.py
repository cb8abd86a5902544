"""The lines of `events.jsonl` as a log for people, forwards and backwards. A cursor is a byte position in that file, behind a line.

Costs what is returned, however long the file is. A last line that is not whole yet is never given.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from shared.trainer_events import EVENT, level_of, render
from shared.wire import LogLine

_BLOCK_BYTES: Final = 64 * 1024


def log_lines(events_file: Path, *, after: int, limit: int, before: int | None = None) -> tuple[list[LogLine], int]:
    """What at most `limit` lines from byte `after` on say, none of them beyond `before`, and the cursor behind them."""
    lines: list[LogLine] = []
    cursor = after
    for number, (end, event) in enumerate(events(events_file, after), 1):
        if before is not None and end > before:
            break
        cursor = end
        if event is not None:
            lines.append(LogLine(cursor=end, at=event.at, level=level_of(event), text=render(event)))
        if number == limit:
            break
    return lines, cursor


def start_of_last(events_file: Path, *, before: int | None, limit: int) -> int:
    """The cursor from which it is `limit` whole lines to `before`, or to the end of the file; 0 when there are no more than that."""
    try:
        with events_file.open("rb") as stream:
            size = stream.seek(0, 2)
            return _start_of_last(stream, size if before is None else min(before, size), limit)
    except FileNotFoundError:
        return 0


def size_of(events_file: Path) -> int:
    """Bytes of the file; 0 before there is one. Equal to a cursor when there is nothing behind it."""
    try:
        return events_file.stat().st_size
    except FileNotFoundError:
        return 0


def events(file: Path, cursor: int) -> Iterator[tuple[int, Any]]:
    """(end, event) of every whole line from byte `cursor` on; the event is None for a line that cannot be parsed."""
    try:
        with file.open("rb") as stream:
            stream.seek(cursor)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                cursor += len(line)
                yield cursor, parsed(line)
    except FileNotFoundError:
        return


def parsed(line: bytes) -> Any:
    try:
        return EVENT.validate_json(line)
    except ValidationError:
        return None


def _start_of_last(stream: BinaryIO, end: int, limit: int) -> int:
    """Walks back block by block until `limit` line ends lie before the one that ends at or before `end`."""
    wanted = limit + 1  # The end of the line before the first one that is wanted.
    while end > 0:
        start = max(0, end - _BLOCK_BYTES)
        stream.seek(start)
        block = stream.read(end - start)
        position = len(block)
        while (position := block.rfind(b"\n", 0, position)) >= 0:
            wanted -= 1
            if not wanted:
                return start + position + 1
        end = start
    return 0
