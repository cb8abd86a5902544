"""HTML as blocks of prose: what a person would read on the page. Lists keep bullets, tables rows; scripts and forms are left away."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.reading.decoding import Source, Unreadable
from shared.reading.prose import Block

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_HTML_CHARACTERS = 32_000_000
"""The page is held as a tree, which takes some ten times its size."""

_MAX_DEPTH = 10_000
_NESTING = re.compile(
    r"<(/?)(?:div|span|table|ul|ol|dl|section|article|blockquote|b|i|em|strong|font|center|form|template|svg|a|u|small|big)\b", re.I
)
"""Elements that end only where it is said, unlike paragraphs and items of lists."""
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset"),
    *("figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre"),
    *("search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", *_HEADINGS),
}
_SKIPPED = {
    *("script", "style", "head", "template", "noscript", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "button"),
    *("select", "option", "textarea", "input", "datalist", "map", "noframes", "rp", "rt"),
}
_SPACE = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_AROUND_BREAKS = re.compile(r" *\n *")
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{2,40})["']""", re.IGNORECASE
)
_AS_BROWSERS_READ = {
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **dict.fromkeys(("tis-620", "iso-8859-11"), "cp874"),
}


def declared_charset(head: bytes) -> str | None:
    """What the page says of itself, in the name that is meant: browsers have long read Latin-1 as Windows-1252, and so on."""
    found = _CHARSET.search(head[:4096])
    if found is None:
        return None
    name = (found[1] or found[2]).decode("ascii", "ignore").lower()
    return None if name.startswith(("utf-16", "utf-32")) else _AS_BROWSERS_READ.get(name, name)  # or these bytes would not have been read


def read_html(source: Source) -> Iterator[Block]:
    """Raises Unreadable for a page that is too large or too deep."""
    from selectolax.lexbor import LexborHTMLParser

    with source.text() as stream:
        text = stream.read(MAX_HTML_CHARACTERS + 1)
    if len(text) > MAX_HTML_CHARACTERS:
        raise Unreadable(f"The page has more than {MAX_HTML_CHARACTERS:,} characters.", "Split it, or save it as plain text.")
    if _is_too_deep(text):
        raise Unreadable(f"The page nests more than {_MAX_DEPTH:,} elements in each other.", "Save it as plain text.")
    tree = LexborHTMLParser(text.encode("utf-8", "replace"))
    root = tree.root
    if root is None:
        return
    page = _Page()
    if root.css_first("h1") is None and (title := root.css_first("title")) is not None:
        yield from page.block(" ".join(title.text().split()), heading=True)
    yield from page.read(root)


def _is_too_deep(text: str) -> bool:
    """Parsers that follow the standard take time with the square of the depth."""
    depth = 0
    for tag in _NESTING.finditer(text):
        depth += -1 if tag[1] else 1
        if depth > _MAX_DEPTH:
            return True
    return False


class _Page:
    """Collects the text of a block until it ends. Inside a table a block ends in its cell, inside a list in its line."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._kept = 0
        """How many elements of kept white space are open."""
        self._lists: list[int] = []
        """Of every open list the number of the last item, or -1 for one with bullets."""
        self._bullet = ""
        self._lines: list[str] = []
        self._rows: list[str] = []
        self._cells: list[str] = []
        self._cell: list[str] | None = None
        self._tables = 0

    def read(self, root: "LexborNode") -> Iterator[Block]:
        """Walks the tree without recursion, because pages nest as deeply as they like."""
        node: LexborNode | None = root
        while node is not None:
            child = None
            if node.is_text_node:
                self._text(node.text_content or "")
            elif (node.is_element_node or node.is_document_node) and node.tag not in _SKIPPED and not _is_hidden(node):
                yield from self._open(node)
                child = node.first_child
                if child is None:
                    yield from self._close(node.tag or "")
            if child is not None:
                node = child
                continue
            while node is not None and node.next is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    node = None
                    break
                yield from self._close(node.tag or "")
            node = node.next if node is not None else None
        yield from self._end_block()
        yield from self._end_list()
        yield from self._end_table()

    def block(self, text: str, *, heading: bool = False) -> Iterator[Block]:
        if text.strip():
            yield Block(text, heading)

    def _text(self, text: str) -> None:
        self._parts.append(text if self._kept else _SPACE.sub(" ", text))

    def _open(self, node: "LexborNode") -> Iterator[Block]:
        tag = node.tag or ""
        if tag == "br":
            self._parts.append("\n")
            return
        if tag not in _BLOCKS:
            return
        yield from self._end_block()
        if tag == "pre":
            self._kept += 1
        elif tag in ("ul", "ol", "menu"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._begin_item()
        elif tag == "table":
            if self._tables == 0:
                yield from self._end_list()
            self._tables += 1
        elif tag == "tr" and self._tables == 1:
            self._cells = []
        elif tag in ("td", "th") and self._tables == 1:
            self._cell = []

    def _close(self, tag: str) -> Iterator[Block]:
        if tag not in _BLOCKS:
            return
        yield from self._end_block(heading=tag in _HEADINGS)
        if tag == "pre":
            self._kept -= 1
        elif tag in ("ul", "ol", "menu"):
            if self._lists:
                self._lists.pop()
            if not self._lists:
                yield from self._end_list()
        elif tag in ("td", "th") and self._tables == 1 and self._cell is not None:
            self._cells.append("\n".join(self._cell))
            self._cell = None
        elif tag == "tr" and self._tables == 1:
            self._end_row()
        elif tag == "table":
            self._tables -= 1
            if self._tables == 0:
                yield from self._end_table()

    def _begin_item(self) -> None:
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._bullet = f"{self._lists[-1]}. "
        else:
            self._bullet = "- "

    def _end_block(self, *, heading: bool = False) -> Iterator[Block]:
        if not self._parts:
            return
        text = "".join(self._parts)
        self._parts.clear()
        text = text.strip("\n").rstrip() if self._kept else _AROUND_BREAKS.sub("\n", _SPACE_RUNS.sub(" ", text)).strip()
        if not text.strip():
            return
        if self._cell is not None:
            self._cell.append(text)
        elif self._lists:
            indent = "  " * (len(self._lists) - 1)
            self._lines.append(f"{indent}{self._bullet or '  '}{text}")
            self._bullet = ""
        elif self._tables:
            self._rows.append(text)
        else:
            yield Block(text, heading)

    def _end_list(self) -> Iterator[Block]:
        lines, self._lines = self._lines, []
        if not lines:
            return
        if self._cell is not None:
            self._cell.append("\n".join(lines))
        else:
            yield Block("\n".join(lines))

    def _end_row(self) -> None:
        cells, self._cells = self._cells, []
        if len(cells) == 1:
            self._rows.append(cells[0])
        elif any(cells):
            self._rows.append(" | ".join(" ".join(cell.split()) for cell in cells))

    def _end_table(self) -> Iterator[Block]:
        rows, self._rows = [row for row in self._rows if row.strip()], []
        if rows:
            yield Block("\n".join(rows))


_SPACE_RUNS = re.compile(r" {2,}")


def _is_hidden(node: "LexborNode") -> bool:
    attributes = node.attributes if node.is_element_node else {}
    return "hidden" in attributes or "display:none" in (attributes.get("style") or "").replace(" ", "").lower()
