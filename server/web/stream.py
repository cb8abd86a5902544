"""A job's events as server-sent events: the format on the wire, and the answer that is written for as long as its reader takes it.

Who gets what, and when, is `broadcast.py`'s business.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_RETRY_MS: Final = 1_000
OPENING: Final = f"retry: {_RETRY_MS}\n\n".encode()
HEARTBEAT: Final = b": still here\n\n"
# Longer than any hiccup of a line; a reader who takes nothing for so long has gone without a word.
_SEND_TIMEOUT_S: Final = 30.0


def event(name: str, cursor: int, data: bytes = b"{}") -> bytes:
    """One event; its id is the cursor to come back with. `data` is JSON, which has no raw line breaks."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (cursor, name.encode(), data)


def json_of(model: BaseModel) -> bytes:
    return model.model_dump_json().encode()


class EventStream(Response):
    """Writes what `pieces` gives. Ends with it, with the reader, or when the reader takes nothing; `pieces` is closed in every case."""

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        # A proxy that collects an answer before it passes it on would make a stream of it that never says anything.
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            outcomes = await asyncio.gather(writing, leaving, return_exceptions=True)
        if isinstance(outcomes[0], Exception) and not isinstance(outcomes[0], OSError | TimeoutError):
            raise outcomes[0]

    async def _write(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in self._pieces:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._pieces.aclose()  # It holds a place among the viewers.


async def gone(receive: Receive) -> None:
    """Returns when the caller has closed the connection. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
