"""What stands on the screen. Results go to standard output, everything on the way to standard error: a script can take the one and leave
the other. A bar is drawn only where somebody can see it move; elsewhere there are plain lines."""

import json
import shutil
import sys
from typing import Any

_BAR = 24


class Terminal:
    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_drawing = sys.stderr.isatty() and not as_json
        self._drawn = 0

    def result(self, value: Any, words: str) -> None:
        """The command's answer: `value` as JSON where that was asked for, else the words."""
        self.clear()
        print(json.dumps(value, ensure_ascii=False, indent=None) if self.as_json else words, flush=True)

    def say(self, words: str) -> None:
        """Something on the way; not for a script."""
        if not self.as_json:
            self.clear()
            print(words, file=sys.stderr, flush=True)

    def draw(self, words: str, fraction: float | None) -> None:
        """One line in place of the one drawn before."""
        if not self.is_drawing:
            return
        line = words if fraction is None else f"{bar(fraction)} {words}"
        line = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line}{' ' * (self._drawn - len(line))}", end="", file=sys.stderr, flush=True)
        self._drawn = len(line)

    def clear(self) -> None:
        if self._drawn:
            print(f"\r{' ' * self._drawn}\r", end="", file=sys.stderr, flush=True)
            self._drawn = 0


def bar(fraction: float) -> str:
    full = round(_BAR * min(1.0, max(0.0, fraction)))
    return f"[{'#' * full}{'.' * (_BAR - full)}] {fraction:4.0%}"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def table(rows: list[tuple[str, ...]]) -> str:
    """Columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
