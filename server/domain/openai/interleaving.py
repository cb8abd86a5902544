"""Several answers at once: each is taken by a thread of its own, because the port makes one at a time, and they are told as they come."""

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Final

from server.ports.textgen import Piece

_HELD: Final = 64
"""Pieces that wait for a reader; who makes them waits then."""

Making = Callable[[], Generator[Piece, None, None]]
Numbered = tuple[int, Piece]


def interleaved(makings: Sequence[Making]) -> Generator[Numbered, None, None]:
    """(number of the answer, its next piece), until all have ended. What one of them raises ends all. Closing ends them as well."""
    if len(makings) == 1:
        pieces = makings[0]()
        try:
            for piece in pieces:
                yield 0, piece
        finally:
            pieces.close()
        return
    come: queue.Queue[Numbered | BaseException | None] = queue.Queue(_HELD)
    ending = threading.Event()
    for number, making in enumerate(makings):
        threading.Thread(target=_take, args=(number, making, come, ending), name=f"answer-{number}", daemon=True).start()
    left = len(makings)
    try:
        while left:
            one = come.get()
            if one is None:
                left -= 1
            elif isinstance(one, BaseException):
                raise one
            else:
                yield one
    finally:
        ending.set()


def _take(number: int, making: Making, come: "queue.Queue[Numbered | BaseException | None]", ending: threading.Event) -> None:
    def tell(what: Numbered | BaseException | None) -> None:
        while not ending.is_set():
            try:
                come.put(what, timeout=0.2)
                return
            except queue.Full:
                continue

    try:
        pieces = making()
        try:
            for piece in pieces:
                tell((number, piece))
                if ending.is_set():
                    return
        finally:
            pieces.close()
    except Exception as error:  # The border of this thread: whoever reads the queue raises it.
        tell(error)
        return
    tell(None)
