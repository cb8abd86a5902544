"""What a case of the corpus is. Contents are made when they are wanted, because some are large."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Content = bytes | Callable[[Path], None]
"""The bytes, or what writes them."""


@dataclass(frozen=True)
class Legal:
    """A file that must be understood without a click. `has` must stand somewhere in the first example."""

    name: str
    content: Content
    format: str
    shape: str
    num_examples: int
    has: str = ""


@dataclass(frozen=True)
class Hostile:
    """A file that must be answered: accepted or refused, in time, in little memory. `accepted` where only one is right."""

    name: str
    content: Content
    accepted: bool | None = None
    options: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    """What stands in the refusal."""


def write(content: Content, path: Path) -> None:
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)


def made(content: Callable[[], bytes]) -> Callable[[Path], None]:
    """For bytes that take long to make."""
    return lambda path: _write_bytes(path, content())


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
