"""TXT and Markdown: prose becomes passages of about 1,500 characters, cut where a reader would pause.

Nothing but white space is lost, and nothing is said twice. Memory stays constant however long a line or a paragraph is.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

PASSAGE_CHARACTERS = 1_500
_PIECE_CHARACTERS = 16 * PASSAGE_CHARACTERS
_HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINED = re.compile(r"[^\n]+\n {0,3}(=+|-{2,})\s*\Z")
_PAUSES = tuple(map(re.compile, (r"[.!?…][\"'”’»)\]]*\s+|[。！？][”’」』）]*\s*", r"\n", r"\s")))
"""Where a text may be cut, the best place first: after a sentence, after a line, after a word."""


class _Block(NamedTuple):
    """A paragraph, or as much of a very long one as is read at a time."""

    text: str
    heading: bool


def read_prose(stream: TextIO, *, markdown: bool) -> Iterator[dict[str, str]]:
    for passage in passages(stream, markdown=markdown):
        yield {"text": passage}


def passages(stream: TextIO, *, markdown: bool) -> Iterator[str]:
    """A heading opens a passage and stays with what follows it; short paragraphs share one."""
    pending = ""
    wants_more = True  # nothing but headings so far
    for block in _blocks(stream, markdown):
        for piece in _pieces(block.text):
            full = block.heading or len(pending) + 2 + len(piece) > PASSAGE_CHARACTERS
            if pending and full and not (wants_more and len(pending) < PASSAGE_CHARACTERS):
                yield pending
                pending = ""
            pending = f"{pending}\n\n{piece}" if pending else piece
            wants_more = block.heading
    if pending:
        yield pending


def _blocks(stream: TextIO, markdown: bool) -> Iterator[_Block]:
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


def _block(text: str, *, heading: bool) -> Iterator[_Block]:
    text = text.rstrip().lstrip("\r\n")
    if text:
        yield _Block(text, heading)


def _pieces(text: str) -> Iterator[str]:
    while len(text) > PASSAGE_CHARACTERS:
        cut = _cut(text, PASSAGE_CHARACTERS)
        if piece := text[:cut].strip():
            yield piece
        text = text[cut:].lstrip()
    if text:
        yield text


def _cut(text: str, limit: int) -> int:
    """Where to cut at most `limit` characters: at the last of the best pauses that does not leave a crumb, else right there."""
    for pause in _PAUSES:
        end = max((match.end() for match in pause.finditer(text, limit // 4, limit)), default=0)
        if end:
            return end
    return limit
