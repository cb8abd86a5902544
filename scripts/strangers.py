"""Requests of strangers, each from a loopback address of its own, so that no limit of a network answers in place of what is measured.

Raw HTTP over asyncio: a client library would take longer than what it measures.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`seconds` from the first byte that was sent to the last that came; status 0 when no answer came."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def addresses() -> Iterator[str]:
    """All of 127.0.0.0/8 is this machine; each is a network of its own to the server."""
    for number in range(1, 1 << 22):
        yield f"127.{1 + (number >> 16)}.{(number >> 8) & 255}.{1 + (number & 255) % 254}"


async def post(port: int, path: str, body: dict[str, Any], *, source: str, timeout_s: float = 60.0) -> Answer:
    content = json.dumps(body).encode()
    headers = {"host": "127.0.0.1", "content-type": "application/json", "content-length": len(content), "connection": "close"}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    request = "\r\n".join(lines).encode() + content
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            try:
                started = time.perf_counter()
                writer.write(request)
                received = await reader.read(-1)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Answer(0, {}, b"", time.perf_counter() - started)
    seconds = time.perf_counter() - started
    head_bytes, _, answer = received.partition(b"\r\n\r\n")
    status, *lines = head_bytes.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(status.split()[1]) if status else 0, headers, answer, seconds)
