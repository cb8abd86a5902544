"""Answers that are files: always attachments, because a browser must never show what a user uploaded as a page."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from server.ports.blobs import attachment

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def disposition(filename: str) -> str:
    """`Content-Disposition` for a download."""
    return attachment(filename)


def csv_attachment(chunks: Iterator[bytes], filename: str) -> StreamingResponse:
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition(filename)})


def file_answer(request: Request, opened: Callable[[int, int], Iterator[bytes]], *, size: int, etag: str, filename: str) -> Response:
    """A stored file, or the one part of it that the request asks for (RFC 9110, 14). `opened(start, end)` gives bytes [start, end).

    Several parts at once are answered with the whole file, as the RFC allows.
    """
    headers = {"content-disposition": disposition(filename), "accept-ranges": "bytes", "etag": f'"{etag}"'}
    wanted = _wanted(request, size, etag)
    if wanted == _NONE:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    start, end = wanted or (0, size)
    headers["content-length"] = str(end - start)
    if wanted is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        opened(start, end), media_type="application/octet-stream", headers=headers, status_code=200 if wanted is None else 206
    )


_NONE: Final = (-1, -1)


def _wanted(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Bytes [start, end) that are asked for; None: all of them; `_NONE`: some that are not there."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", f'"{etag}"') != f'"{etag}"' or asked.group() == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if not last else min(int(last) + 1, size)
        if last and int(last) < start:
            return None  # No range at all.
    return (start, end) if start < end else _NONE
