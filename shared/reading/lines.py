"""Lines of a text, each bounded, so that a file of one line of a gigabyte costs no more than any other."""

from collections.abc import Iterator
from typing import TextIO

MAX_LINE_CHARACTERS = 8_000_000
"""Room for an example of the largest size with every character escaped."""


class LineTooLong(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line}: longer than {MAX_LINE_CHARACTERS:,} characters. Split it into several.")
        self.line = line


def numbered_lines(stream: TextIO) -> Iterator[tuple[int, str]]:
    """(line number from 1, line with its end). Raises LineTooLong, after which nothing more can be read."""
    number = 0
    while line := stream.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise LineTooLong(number)
        yield number, line
