"""A report as one HTML file that asks for nothing: style and charts are inside, and a policy forbids the rest. Everything is escaped."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from server.domain.reports.blocks import Outline

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
_STYLE: Final = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
STYLE_HASH: Final = f"sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}"


def page(outline: Outline) -> str:
    return _environment().get_template("report.html.jinja").render(outline=outline, style=_STYLE, style_hash=STYLE_HASH)


def nothing_here() -> str:
    return _environment().get_template("nothing.html.jinja").render(style=_STYLE, style_hash=STYLE_HASH)


@cache
def _environment() -> "Environment":
    """Loaded at the first report: the server starts without it. Names that a template has wrong are errors and not empty places."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
