"""A file from a few bytes, read as an upload is."""

import io
from collections.abc import Callable

import pytest

from shared.reading import Inspection, inspect

Inspect = Callable[..., Inspection]


@pytest.fixture
def inspected() -> Inspect:
    def read(content: str | bytes, filename: str = "file.txt", **more: object) -> Inspection:
        data = content.encode() if isinstance(content, str) else content
        return inspect(io.BytesIO(data), filename=filename, **more)  # type: ignore[arg-type]

    return read
