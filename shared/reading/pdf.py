"""PDF as blocks of prose, page by page: lines become paragraphs by their distance and indentation, headings are known by their size.

Only text that is in the file is read; a scan has none, and nothing here can read pictures.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, BinaryIO

from shared.reading.decoding import Unreadable
from shared.reading.examples import ReadProblem
from shared.reading.prose import Block
from shared.reading.score_lines import bare_score, label, score_alone

if TYPE_CHECKING:
    import pypdfium2

MAX_PAGES = 20_000
MAX_PAGE_CHARACTERS = 2_000_000
_PASSWORD_ERROR = 4
_SECURITY_ERROR = 5
_HEADING_SIZE = 1.15
_LONGEST_HEADING = 200
_UNREADABLE_SHARE = 0.3
_SENTENCE_END = re.compile(r"[.!?…:;。！？][\"'”’»)\]]*$")
_LIST_ITEM = re.compile(r"([-–—•‣◦▪●○*·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_PAGE_NUMBER = re.compile(r"\W*(page|seite|p\.)?\s*\d{1,5}(\s*(of|von|/|de|sur)\s*\d{1,5})?\W*", re.IGNORECASE)
_SOFT_HYPHENS = re.compile("[\u0002\u00ad\ufffe](\r?\n)?")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_DIGITS = re.compile(r"\d{1,9}")
_OCR = "Run text recognition (OCR) on it, for example with a scanning program, and upload the result."


@dataclass
class _Line:
    text: str
    left: float = 0.0
    right: float = 0.0
    first: float = 0.0
    """The height of its first letter's foot; a line that ends in a cut word ends where the word does, one line further down."""
    last: float = 0.0
    size: float = 0.0


def read_pdf(file: BinaryIO) -> Iterator[Block | ReadProblem]:
    """Raises Unreadable for what is no PDF, needs a password or holds no text."""
    import pypdfium2

    file.seek(0)
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise _refusal(error) from None
    try:
        yield from _pages(document)
    finally:
        document.close()


def _refusal(error: Exception) -> Unreadable:
    code = getattr(error, "err_code", None)
    if code == _PASSWORD_ERROR or "password" in str(error).lower():
        return Unreadable("The PDF is encrypted and needs a password.", "Save it without a password and upload it again.")
    if code == _SECURITY_ERROR:
        return Unreadable("The PDF is encrypted in a way that is not supported.", "Save it without protection and upload it again.")
    return Unreadable(
        "The PDF is damaged or cut off, or is none: it cannot be opened.",
        "Open it in a PDF viewer, save or print it to a new PDF, and upload that.",
    )


def _pages(document: "pypdfium2.PdfDocument") -> Iterator[Block | ReadProblem]:
    count = len(document)
    if count > MAX_PAGES:
        raise Unreadable(f"The PDF has {count:,} pages; at most {MAX_PAGES:,} are read.", "Split it into several.")
    edges: tuple[str, str] = ("", "")
    begun: Block | None = None  # a paragraph that may go on on the next page
    num_lines = num_pictures = num_failed = 0
    for number in range(1, count + 1):
        try:
            lines, width, pictured = _lines_of(document, number - 1)
        except _BadPage as bad:
            num_failed += 1
            yield ReadProblem(
                None,
                f"Page {number}: {bad}.",
                True,
                "Save or print the file to a new PDF, or leave that page out.",
                page=number,
                skippable=True,
            )
            continue
        num_lines += len(lines)
        if not lines and pictured:
            num_pictures += 1
            yield ReadProblem(
                None, f"Page {number}: a picture without text.", False, f"If it shows text: {_OCR[0].lower()}{_OCR[1:]}", page=number
            )
        body, edges = _without_edges(lines, edges)
        blocks = _paragraphs(body, width)
        if begun is not None and blocks and not blocks[0].heading and blocks[0].text[:1].islower():
            blocks[0] = Block(_joined(begun.text, blocks[0].text), opens=begun.opens)
            blocks[1:2] = [block._replace(opens=True) for block in blocks[1:2]]
        elif begun is not None:
            yield begun
            blocks[:1] = [block._replace(opens=True) for block in blocks[:1]]
        elif blocks:
            blocks[0] = blocks[0]._replace(opens=True)
        begun = None
        if blocks and not blocks[-1].heading and not _SENTENCE_END.search(blocks[-1].text):
            begun = blocks.pop()
        yield from blocks
    if begun is not None:
        yield begun
    if not num_lines and not num_failed:
        pictures = "only pictures of pages (a scan)" if num_pictures else "no page with anything to read on it"
        raise Unreadable(f"The PDF holds no text, {pictures}.", _OCR)


class _BadPage(Exception):
    """The text says why, as a part of a sentence."""


def _lines_of(document: "pypdfium2.PdfDocument", index: int) -> tuple[list[_Line], float, bool]:
    """The page's lines in reading order, its width, and whether there is nothing but a picture on it."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        raise _BadPage("it is damaged and cannot be read") from None
    try:
        words = page.get_textpage()
        try:
            if words.count_chars() > MAX_PAGE_CHARACTERS:
                raise _BadPage(f"more than {MAX_PAGE_CHARACTERS:,} characters")
            lines, width = _placed_lines(words), page.get_width()
        finally:
            words.close()
        pictured = not lines and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    except pypdfium2.PdfiumError:
        raise _BadPage("its text cannot be read") from None
    finally:
        page.close()
    strange = sum(map(_count_strange, (line.text for line in lines)))
    if strange > _UNREADABLE_SHARE * sum(len(line.text) for line in lines):
        raise _BadPage("its letters cannot be read, because its fonts do not say which letters they draw")
    return lines, width, pictured


def _count_strange(text: str) -> int:
    if text.isascii():
        return 0
    return sum(character == "\ufffd" or "\ue000" <= character <= "\uf8ff" for character in text)


def _placed_lines(words: "pypdfium2.PdfTextPage") -> list[_Line]:
    from pypdfium2 import raw

    text = words.get_text_range()
    placed = len(text) == words.count_chars()  # not so with characters beyond the first 65,536: then lines have no place
    lines = []
    start = 0
    for piece in _SOFT_HYPHENS.sub(lambda hyphen: "\ufffe" * len(hyphen[0]), text).split("\n"):
        clean = _clean(piece)
        if clean:
            line = _Line(clean)
            if placed:
                first = start + len(piece) - len(piece.lstrip())
                last = start + len(piece.rstrip()) - 1
                line.left, line.first, _, _ = words.get_charbox(first, loose=True)
                _, line.last, line.right, _ = words.get_charbox(last, loose=True)
                line.size = raw.FPDFText_GetFontSize(words, (first + last) // 2)
            lines.append(line)
        start += len(piece) + 1
    return lines


def _clean(piece: str) -> str:
    if not piece.isascii():
        piece = piece.translate(_LIGATURES)
    return "".join(
        character for character in piece if character >= " " and character not in "\ufffe\ufeff\x7f" or character == "\t"
    ).strip()


def _without_edges(lines: list[_Line], before: tuple[str, str]) -> tuple[list[_Line], tuple[str, str]]:
    """Without page numbers, and without the running head and foot that the page before has as well."""
    lines = list(lines)
    edges = (lines[0].text, lines[-1].text) if lines else ("", "")
    for at, edge, old in ((-1, edges[1], before[1]), (0, edges[0], before[0])):
        if len(lines) > 1 and (_runs(edge, old) or _PAGE_NUMBER.fullmatch(edge)):
            del lines[at]
    return lines, edges


def _runs(edge: str, before: str) -> bool:
    """The same words, each number the same or one more. What scores an example, or begins a numbered one, is none of it: in a marking guide
    such lines stand at the edges of page after page."""
    if _DIGITS.sub("#", edge) != _DIGITS.sub("#", before):
        return False
    numbers = zip(_DIGITS.findall(edge), _DIGITS.findall(before), strict=True)
    if any(int(now) - int(then) not in {0, 1} for now, then in numbers):
        return False
    return score_alone(edge) is None and bare_score(edge) is None and not (label(edge) and _DIGITS.search(edge))


def _paragraphs(lines: list[_Line], width: float) -> list[Block]:
    if not lines:
        return []
    placed = [line for line in lines if line.size > 0] or lines[:1]
    body = _usual_size(placed)
    gaps = [above.last - below.first for above, below in zip(placed, placed[1:], strict=False)]
    usual = [gap for gap in gaps if 0.5 * body < gap < 2.5 * body]
    gap = median(usual) if usual else 1.3 * body
    edge = max([line.right for line in placed] + [width - line.left for line in placed])  # margins are usually alike
    blocks: list[Block] = []
    group: list[_Line] = []
    for line in lines:
        if group and _breaks(group[-1], line, len(group), gap, edge, body):
            blocks.append(_block(group, body))
            group = []
        group.append(line)
    blocks.append(_block(group, body))
    return blocks


def _usual_size(lines: list[_Line]) -> float:
    letters: dict[float, int] = {}
    for line in lines:
        letters[round(line.size, 1)] = letters.get(round(line.size, 1), 0) + len(line.text)
    return max(letters, key=lambda size: letters[size], default=0.0)


def _breaks(above: _Line, below: _Line, num_above: int, gap: float, edge: float, body: float) -> bool:
    """Whether a new paragraph begins."""
    if not above.size or not below.size:
        return bool(_SENTENCE_END.search(above.text)) and below.text[:1].isupper()
    if abs(above.size - below.size) > 0.12 * max(above.size, below.size):
        return True
    distance = above.last - below.first
    ended = bool(_SENTENCE_END.search(above.text))
    if distance < -0.5 * body:  # the next column
        return ended
    if distance > 1.3 * gap:
        return True
    indented = below.left - above.left > 0.8 * body
    short = above.right < edge - 0.2 * max(edge - above.left, 1.0)
    return ended and (indented and num_above > 1 or short) or bool(_LIST_ITEM.match(below.text)) and (ended or short)


def _block(lines: list[_Line], body: float) -> Block:
    text = lines[0].text
    for line in lines[1:]:
        text = _joined(text, line.text)
    heading = len(text) <= _LONGEST_HEADING and bool(body) and lines[0].size > _HEADING_SIZE * body
    return Block(text, heading)


def _joined(text: str, line: str) -> str:
    """A text and the line after it; a word that was cut between them is one again."""
    if _LIST_ITEM.match(line):
        return f"{text}\n{line}"
    if text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}"
