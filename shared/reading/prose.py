"""Prose becomes passages of about 1,500 characters, cut where a reader would pause; here also the blocks of TXT and Markdown.

Nothing but white space is lost, and nothing is said twice. Memory stays constant however long a line or a paragraph is.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

from shared.reading.decoding import Source
from shared.reading.examples import ReadProblem

PASSAGE_CHARACTERS = 1_500
_PIECE_CHARACTERS = 16 * PASSAGE_CHARACTERS
_HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_NO_SPACE = re.compile(r"\S")
_UNDERLINED = re.compile(r"[^\n]+\n {0,3}(=+|-{2,})\s*\Z")
_PAUSES = tuple(map(re.compile, (r"[.!?…][\"'”’»)\]]*\s+|[。！？][”’」』）]*\s*", r"\n", r"\s")))
"""Where a text may be cut, the best place first: after a sentence, after a line, after a word."""


class Block(NamedTuple):
    """A paragraph, a heading, a list or a table; of plain text as much of a very long one as is read at a time.

    One that `opens` begins a passage, as the first of a page does.
    """

    text: str
    heading: bool = False
    opens: bool = False


def read_plain(source: Source, *, markdown: bool) -> Iterator[Block]:
    with source.text() as stream:
        yield from blocks_of(stream, markdown=markdown)


def passages(stream: TextIO, *, markdown: bool) -> Iterator[str]:
    """The passages of plain text or Markdown."""
    yield from passages_of(blocks_of(stream, markdown=markdown))  # type: ignore[misc]  # plain text has no problems


def passages_of(blocks: Iterable[Block | ReadProblem]) -> Iterator[str | ReadProblem]:
    """A heading opens a passage and stays with what follows it; short paragraphs share one. Problems are handed on."""
    pending = ""
    wants_more = True  # nothing but headings so far
    for block in blocks:
        if isinstance(block, ReadProblem):
            yield block
            continue
        opens = block.opens
        for piece in _pieces(block.text):
            full = block.heading or len(pending) + 2 + len(piece) > PASSAGE_CHARACTERS
            if pending and (opens or full and not (wants_more and len(pending) < PASSAGE_CHARACTERS)):
                yield pending
                pending = ""
            pending = f"{pending}\n\n{piece}" if pending else piece
            wants_more = block.heading
            opens = False
    if pending:
        yield pending


def blocks_of(stream: TextIO, *, markdown: bool) -> Iterator[Block]:
    """Splits at blank lines and headings. Inside a fence of Markdown code a `#` is a comment, not a heading."""
    buffer = ""
    fence = ""
    while line := stream.readline(_PIECE_CHARACTERS):
        blank, heading = not line.strip(), False
        if markdown and (mark := _FENCE.match(line)):
            fence = _after_fence(fence, mark[1])
        elif markdown and not fence:
            heading = bool(_HEADING.match(line))
        if blank or heading:
            yield from _block(buffer, heading=markdown and bool(_UNDERLINED.match(buffer)))
            buffer = ""
        if heading:
            yield from _block(line, heading=True)
        elif not blank:
            buffer += line
        if len(buffer) > _PIECE_CHARACTERS:
            cut = _cut(buffer, _PIECE_CHARACTERS)
            yield from _block(buffer[:cut], heading=False)
            buffer = buffer[cut:]
    yield from _block(buffer, heading=False)


def _after_fence(fence: str, mark: str) -> str:
    if not fence:
        return mark
    return "" if mark[0] == fence[0] and len(mark) >= len(fence) else fence


def _block(text: str, *, heading: bool) -> Iterator[Block]:
    text = text.rstrip().lstrip("\r\n")
    if text:
        yield Block(text, heading)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > PASSAGE_CHARACTERS:
        end = start + _cut(text, PASSAGE_CHARACTERS, start)
        if piece := text[start:end].strip():
            yield piece
        found = _NO_SPACE.search(text, end)
        start = found.start() if found else len(text)
    if start < len(text):
        yield text[start:]


def _cut(text: str, limit: int, start: int = 0) -> int:
    """Where to cut, counted from `start`, at most `limit`: at the last of the best pauses that does not leave a crumb, else right there."""
    for pause in _PAUSES:
        end = max((match.end() for match in pause.finditer(text, start + limit // 4, start + limit)), default=0)
        if end:
            return end - start
    return limit
