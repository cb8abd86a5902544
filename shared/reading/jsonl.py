"""JSONL: one JSON object a line. A broken line does not hide the ones after it."""

import codecs
from collections.abc import Iterator

from shared.reading.decoding import SAMPLE_BYTES, Source
from shared.reading.examples import ReadProblem
from shared.reading.json_errors import reason_for
from shared.reading.lines import LineTooLong, byte_lines, numbered_lines
from shared.reading.shaping import Row

_FIX = "Fix or remove that line."


def read_jsonl(source: Source) -> Iterator[Row | ReadProblem]:
    from orjson import loads  # 15 ms that other formats need not pay

    lines = _lines_of_text(source) if source.charset != "utf-8" or _ends_lines_with_cr(source) else _lines_of_bytes(source)
    for number, line in lines:
        try:
            row = loads(line)  # type: ignore[arg-type]  # raises for what is not a line
        except ValueError:
            if isinstance(line, LineTooLong):  # not a line but the reason why there is none
                yield ReadProblem(number, str(line), fatal=True, fix=line.fix, skippable=True)
                continue
            text = line.decode("utf-8", "surrogateescape") if isinstance(line, bytes) else line
            if text.strip():
                yield ReadProblem(number, f"Line {number}: not valid JSON ({reason_for(text)}).", fatal=True, fix=_FIX, skippable=True)
            continue
        yield number, row


def _ends_lines_with_cr(source: Source) -> bool:
    """As files from Macs of the last century do."""
    source.file.seek(0)
    head = source.file.read(SAMPLE_BYTES)
    return b"\r" in head and b"\n" not in head


def _lines_of_bytes(source: Source) -> Iterator[tuple[int, bytes | LineTooLong]]:
    """Undecoded: orjson reads UTF-8 itself, twice as fast as Python makes a text of it."""
    source.file.seek(0)
    if source.file.read(3) != codecs.BOM_UTF8:
        source.file.seek(0)
    return byte_lines(source.file)


def _lines_of_text(source: Source) -> Iterator[tuple[int, str | LineTooLong]]:
    with source.text() as stream:
        try:
            yield from numbered_lines(stream)
        except LineTooLong as error:
            yield error.line, error
