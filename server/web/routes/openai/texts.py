"""`/v1/completions` and `/v1/chat/completions`, as a whole or as server-sent events.

Whoever waits for a model waits in a thread of these routes' own, so that two hundred of them hold up no poll and no page.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from server.domain.openai.interleaving import Numbered, interleaved
from server.domain.openai.texts import TextsAsked, chat_asked, completion_asked
from server.errors import LlmTunerError
from server.ports.textgen import TextModel
from server.web.deps import AppServices, CurrentUser
from server.web.errors import response_to
from server.web.routes.openai.telling import Telling
from server.web.stream import EventStream, gone
from shared.wire.openai.texts import ChatCreate, CompletionCreate

router = APIRouter(prefix="/v1", include_in_schema=False)
T = TypeVar("T")
Pieces = Generator[Numbered, None, None]
MOST_AT_ONCE: Final = 256
"""Threads; whoever comes beyond that waits without one."""
_DONE: Final = b"data: [DONE]\n\n"


@router.post("/completions", response_model=None)
async def create_completion(body: CompletionCreate, request: Request, services: AppServices, user: CurrentUser) -> Response:
    return await _answer(request, services, user, body.model, partial(completion_asked, body), chat=False)


@router.post("/chat/completions", response_model=None)
async def create_chat_completion(body: ChatCreate, request: Request, services: AppServices, user: CurrentUser) -> Response:
    return await _answer(request, services, user, body.model, partial(chat_asked, body), chat=True)


async def _answer(
    request: Request, services: AppServices, user: str, model: str, asked_of: Callable[[TextModel], TextsAsked], *, chat: bool
) -> Response:
    limiter: CapacityLimiter = request.app.state.text_threads
    asked: TextsAsked = await _aside(limiter, lambda: asked_of(services.openai.models.source(user, model)))
    now = services.clock.now()
    telling = Telling(services.clock.new_id("chatcmpl" if chat else "cmpl"), int(now.timestamp()), asked, chat)
    pieces = interleaved([partial(services.texts.generate, one) for one in asked.requests])
    if not asked.stream:
        return await _whole(request, telling, pieces, limiter)
    try:
        first = await _aside(limiter, lambda: next(pieces, None))
    except asyncio.CancelledError:
        pieces.close()
        raise
    return EventStream(_events(telling, first, pieces, limiter))


async def _whole(request: Request, telling: Telling, pieces: Pieces, limiter: CapacityLimiter) -> Response:
    """When the client goes, the work ends."""
    left = threading.Event()

    def collect() -> None:
        try:
            for index, piece in pieces:
                telling.answers[index].take(piece)
                if left.is_set():
                    return
        finally:
            pieces.close()

    working, leaving = asyncio.create_task(_aside(limiter, collect)), asyncio.create_task(gone(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        left.set()
        leaving.cancel()
    await working
    return JSONResponse(telling.whole().model_dump())


async def _events(telling: Telling, first: Numbered | None, pieces: Pieces, limiter: CapacityLimiter) -> AsyncGenerator[bytes]:
    try:
        for chunk in telling.opening():
            yield _event(chunk)
        one = first
        while one is not None:
            for chunk in telling.chunks(*one):
                yield _event(chunk)
            one = await _aside(limiter, lambda: next(pieces, None))
        if telling.asked.include_usage:
            yield _event(telling.closing())
        yield _DONE
    except LlmTunerError as error:
        yield b"data: " + bytes(response_to(error, there=True).body) + b"\n\n"
    finally:
        pieces.close()


def _event(chunk: BaseModel) -> bytes:
    return b"data: " + chunk.model_dump_json().encode() + b"\n\n"


async def _aside(limiter: CapacityLimiter, work: Callable[[], T]) -> T:
    return await to_thread.run_sync(work, limiter=limiter)
