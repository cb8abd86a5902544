"""Work that may take minutes where stores are far away: who watches the runs begins it, goes on watching, and asks again."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Aside(Protocol):
    def __call__(self, name: str, work: Callable[[], T]) -> T | None:
        """What `work` answered, once: it answers something that is not None. None while it is under way; raises what it raised."""
        ...


def at_once(name: str, work: Callable[[], T]) -> T | None:
    """Where everything lies on this machine's disk."""
    return work()
