"""A report's content as a file in one of its formats. All of them say the same, because all but JSON and CSV are made of one outline."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from server.domain.reports.outline import outline_of
from server.domain.reports.rendering import html, markdown, pdf, table
from shared.wire import ReportContent
from shared.wire.reports import ReportFormat

Typeset = Callable[[dict[str, Any]], bytes]
"""Sets what `pdf.pages` gives as a PDF. Raises `Unavailable` when it cannot be done now."""

_MAX_FILENAME: Final = 60


@dataclass(frozen=True)
class Rendering:
    """`style_hash` is that of the one style sheet of a page, as a content security policy has it; empty for other formats."""

    data: bytes
    media_type: str
    filename: str
    style_hash: str = ""


def rendered(content: ReportContent, format: ReportFormat, typeset: Typeset) -> Rendering:
    match format:
        case "html":
            return _page(html.page(outline_of(content)), _filename(content, "html"))
        case "pdf":
            return Rendering(typeset(pdf.pages(content, outline_of(content))), "application/pdf", _filename(content, "pdf"))
        case "markdown":
            return Rendering(markdown.text(outline_of(content)).encode(), "text/markdown; charset=utf-8", _filename(content, "md"))
        case "csv":
            return Rendering(table.csv_of(content), "text/csv; charset=utf-8", _filename(content, "csv"))
        case "json":
            return Rendering(content.model_dump_json(indent=1).encode(), "application/json", _filename(content, "json"))


def nothing_here() -> Rendering:
    """The page for a link that opens nothing."""
    return _page(html.nothing_here(), "nothing.html")


def _page(text: str, filename: str) -> Rendering:
    return Rendering(text.encode(), "text/html; charset=utf-8", filename, html.STYLE_HASH)


def _filename(content: ReportContent, suffix: str) -> str:
    """Of the name what every system takes in a file name."""
    plain = re.sub(r"[^\w.-]+", "-", content.name)[:_MAX_FILENAME].strip("-.")
    return f"{plain or 'report'}.{suffix}"
