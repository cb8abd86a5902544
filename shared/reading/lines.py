"""Lines of a text, each bounded, so that a file of one line of a gigabyte costs no more than any other."""

from collections.abc import Iterator
from typing import BinaryIO, TextIO

MAX_LINE_CHARACTERS = 8_000_000
"""Room for an example of the largest size with every character escaped."""
_CHUNK = 1 << 18


class LineTooLong(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line}: longer than {MAX_LINE_CHARACTERS:,} characters.")
        self.line = line
        self.fix = "Split it into several."


def numbered_lines(stream: TextIO) -> Iterator[tuple[int, str]]:
    """(line number from 1, line with its end). Raises LineTooLong, after which nothing more can be read."""
    number = 0
    while line := stream.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise LineTooLong(number)
        yield number, line


def byte_lines(file: BinaryIO) -> Iterator[tuple[int, bytes | LineTooLong]]:
    """(line number from 1, line without its line feed) from where the file stands; a line that is too long is passed over and told."""
    number = 0
    begun: list[bytes] = []
    length = 0
    while chunk := file.read(_CHUNK):
        pieces = chunk.split(b"\n")
        if len(pieces) > 1:
            begun.append(pieces[0])
            number += 1
            yield number, LineTooLong(number) if length + len(pieces[0]) > MAX_LINE_CHARACTERS else b"".join(begun)
            for line in pieces[1:-1]:
                number += 1
                yield number, line
            begun, length = [], 0
        length += len(pieces[-1])
        if length <= MAX_LINE_CHARACTERS:
            begun.append(pieces[-1])
    if length:
        yield number + 1, LineTooLong(number + 1) if length > MAX_LINE_CHARACTERS else b"".join(begun)
