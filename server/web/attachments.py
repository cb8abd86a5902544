"""Answers that are files: always attachments, because a browser must never show what a user uploaded as a page."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi.responses import StreamingResponse


def disposition(filename: str) -> str:
    """`Content-Disposition` for a download, with a plain name for old clients and the true one for all others (RFC 6266)."""
    plain = "".join(character if character.isascii() and (character.isalnum() or character in "._- ") else "_" for character in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def csv_attachment(chunks: Iterator[bytes], filename: str) -> StreamingResponse:
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition(filename)})
