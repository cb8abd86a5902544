"""DOCX as blocks of prose, streamed out of its XML: headings by their styles, lists with bullets, tables row by row.

Read with expat rather than with a converter: the best known one needs three seconds for each megabyte of XML and holds it all.
Nothing that the document refers to is ever opened, and XML that declares entities of its own is refused.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.parsers import expat

from shared.reading.decoding import Unreadable
from shared.reading.prose import Block
from shared.reading.unpacking import DAMAGED

MAX_PART_BYTES = 256 << 20
_MAX_RATIO = 200
_CHUNK = 1 << 16
_MAIN = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_SKIPPED = {"del", "moveFrom", "Fallback", "instrText", "delText", "delInstrText", "rt", "sdtPr", "separator"}
"""What was deleted or moved away, codes of fields, and the second copy of a text box for old programs."""
_FIX = "Open it in a word processor, save it again as DOCX and upload that."


def read_docx(file: BinaryIO) -> Iterator[Block]:
    """Raises Unreadable."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            main = _main_part(archive)
            headings, lists = _styles(archive)
            for part in (main, *_NOTES):
                if part == main or part in archive.NameToInfo:
                    with _opened(archive, part) as stream:
                        yield from _blocks(stream, headings, lists)
    except expat.ExpatError as error:
        raise Unreadable(f"The Word document is damaged: its XML is broken at line {error.lineno}.", _FIX) from None
    except DAMAGED as error:
        raise Unreadable(_why(error), _FIX) from None


def _why(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "The Word document is encrypted."
    if isinstance(error, KeyError):
        return "The archive holds no Word document."
    return "The Word document is damaged and cannot be unpacked."


@contextmanager
def _opened(archive: zipfile.ZipFile, part: str) -> Iterator[IO[bytes]]:
    info = archive.getinfo(part)
    if info.file_size > MAX_PART_BYTES or (info.file_size > 16 << 20 and info.file_size > _MAX_RATIO * info.compress_size):
        raise Unreadable(
            f"The Word document unpacks to {info.file_size >> 20:,} MB, more than is read.", "Split the document, or save it as plain text."
        )
    with archive.open(info) as stream:
        yield stream


def _main_part(archive: zipfile.ZipFile) -> str:
    """The part with the text; some programs give it another name, which then stands among the relationships."""
    if _MAIN in archive.NameToInfo:
        return _MAIN
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            found.append(attributes.get("Target", "").lstrip("/"))

    with _opened(archive, "_rels/.rels") as stream:
        _parse(stream, start)
    return found[0] if found else _MAIN


def _styles(archive: zipfile.ZipFile) -> tuple[set[str], set[str]]:
    """Ids of the styles that are headings or titles, and of those that are items of lists. Names are English in every language of Word."""
    if "word/styles.xml" not in archive.NameToInfo:
        return set(), set()
    headings: set[str] = set()
    lists: set[str] = set()
    current = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal current
        match _local(name):
            case "style":
                current = _value(attributes, "styleId")
            case "name" if _value(attributes, "val").lower().startswith(("heading", "title", "subtitle")):
                headings.add(current)
            case "numPr":
                lists.add(current)
            case "outlineLvl" if _value(attributes, "val") in "012345678":
                headings.add(current)

    with _opened(archive, "word/styles.xml") as stream:
        _parse(stream, start)
    return headings - {""}, lists - {""}


def _parse(stream: IO[bytes], start: object) -> None:
    parser = _parser()
    parser.StartElementHandler = start  # type: ignore[assignment]
    parser.ParseFile(stream)


def _parser() -> "expat.XMLParserType":
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise Unreadable("The Word document's XML declares entities of its own, which is not accepted.", _FIX)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _blocks(stream: IO[bytes], headings: set[str], lists: set[str]) -> Iterator[Block]:
    text = _Text(headings, lists)
    parser = _parser()
    parser.StartElementHandler = text.start
    parser.EndElementHandler = text.end
    parser.CharacterDataHandler = text.characters
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
        yield from text.take()
    parser.Parse(b"", True)
    yield from text.take()


class _Text:
    """Listens to the parser and collects blocks. A text box stands inside a paragraph and has its own, hence the stack."""

    def __init__(self, headings: set[str], lists: set[str]) -> None:
        self._headings, self._list_styles = headings, lists
        self._done: list[Block] = []
        self._lists: list[str] = []
        self._skipping = 0
        self._in_properties = 0
        self._paragraphs: list[_Paragraph] = []
        self._wanted = 0
        self._tables = 0
        self._rows: list[str] = []
        self._cells: list[str] = []
        self._cell: list[str] | None = None

    def take(self) -> list[Block]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if self._skipping or tag in _SKIPPED:
            self._skipping += 1
            return
        match tag:
            case "p":
                self._paragraphs.append(_Paragraph())
            case "pPr" | "tabs":
                self._in_properties += 1
            case "pStyle" if self._paragraphs:
                self._paragraphs[-1].heading |= _value(attributes, "val") in self._headings
                self._paragraphs[-1].listed |= _value(attributes, "val") in self._list_styles
            case "outlineLvl" if self._paragraphs and self._in_properties:
                self._paragraphs[-1].heading |= _value(attributes, "val") in "012345678"
            case "numPr" if self._paragraphs:
                self._paragraphs[-1].listed = True
            case "t":
                self._wanted += 1
            case "tab" if not self._in_properties:
                self.put("\t")
            case "br" | "cr":
                self.put("\n")
            case "noBreakHyphen":
                self.put("-")
            case "sym":
                self.put(_symbol(_value(attributes, "char")))
            case "tbl":
                self._tables += 1
                if self._tables == 1:
                    self._end_list()
            case "tr" if self._tables == 1:
                self._cells = []
            case "tc" if self._tables == 1:
                self._cell = []

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        match _local(name):
            case "p":
                self._end_paragraph()
            case "pPr" | "tabs":
                self._in_properties -= 1
            case "t":
                self._wanted -= 1
            case "tc" if self._tables == 1 and self._cell is not None:
                self._cells.append(" ".join(" ".join(self._cell).split()))
                self._cell = None
            case "tr" if self._tables == 1 and any(self._cells):
                self._rows.append(" | ".join(self._cells))
            case "tbl":
                self._tables -= 1
                if self._tables == 0 and self._rows:
                    self._done.append(Block("\n".join(self._rows)))
                    self._rows = []
            case "body" | "footnotes" | "endnotes":
                self._end_list()

    def characters(self, data: str) -> None:
        if self._wanted and not self._skipping:
            self.put(data)

    def put(self, text: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].parts.append(text)

    def _end_paragraph(self) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs.pop()
        text = "".join(paragraph.parts).replace("\u00ad", "").strip()
        if not text:
            return
        if self._cell is not None:
            self._cell.append(text)
        elif paragraph.listed and not paragraph.heading:
            self._lists.append(f"- {text}")
        else:
            self._end_list()
            self._done.append(Block(text, paragraph.heading))

    def _end_list(self) -> None:
        if self._lists:
            self._done.append(Block("\n".join(self._lists)))
            self._lists = []


class _Paragraph:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.heading = False
        self.listed = False


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _value(attributes: dict[str, str], wanted: str) -> str:
    return next((value for name, value in attributes.items() if _local(name) == wanted), "")


def _symbol(code: str) -> str:
    """Symbol fonts put their characters into a private area, where they mean nothing without the font."""
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ue000" <= character <= "\uf8ff" or "\ud800" <= character <= "\udfff" else character
