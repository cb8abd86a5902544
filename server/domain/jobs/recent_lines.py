"""The end of a log, rendered and encoded once for everybody who reads along. Memory only: reading it never waits for a disk."""

import threading
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.domain.jobs.log_file import log_lines, start_of_last

_KEPT: Final = 500
_PAGE: Final = 1_000


@dataclass(frozen=True)
class _Held:
    """Lines between the cursors `start` and `end`: each one's cursor, and its JSON. Never changed, only replaced."""

    start: int
    ends: list[int]
    lines: list[bytes]

    @property
    def end(self) -> int:
        return self.ends[-1] if self.ends else self.start


class RecentLines:
    """The last `_KEPT` lines and what came since the last trimming. `refresh` may be called from any thread, `behind` from all at once."""

    def __init__(self, events_file: Path) -> None:
        self._file = events_file
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def refresh(self) -> None:
        """Reads what was appended since."""
        with self._lock:
            held, start = self._held, start_of_last(self._file, before=None, limit=_KEPT)
            if held is None or held.end < start:  # The first time, or after so long that what is held is no part of the end any more.
                held = _Held(start, [], [])
            while True:
                lines, _ = log_lines(self._file, after=held.end, limit=_PAGE)
                if not lines:
                    break
                ends, texts = held.ends + [line.cursor for line in lines], held.lines + [line.model_dump_json().encode() for line in lines]
                if len(ends) > 2 * _KEPT:
                    held = _Held(ends[-_KEPT - 1], ends[-_KEPT:], texts[-_KEPT:])
                else:
                    held = _Held(held.start, ends, texts)
            self._held = held

    def behind(self, cursor: int, *, size: int, limit: int) -> tuple[list[bytes], int] | None:
        """At most `limit` lines behind `cursor` as JSON, and the cursor behind them; None when that is not all known here.

        `size` is that of the file now: of a file that has grown since the last `refresh` the end is not known.
        """
        held = self._held
        if held is None or held.end != size or not held.start <= cursor:
            return None
        first = 0 if cursor == held.start else bisect_left(held.ends, cursor) + 1
        if first > len(held.ends) or (first and held.ends[first - 1] != cursor):
            return None  # No cursor of ours.
        lines = held.lines[first : first + limit]
        return lines, held.ends[first + len(lines) - 1] if lines else cursor
