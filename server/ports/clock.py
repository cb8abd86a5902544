"""Time and new ids, as arguments and not as globals, so that tests can choose both."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC. For what is shown and stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump. For leases and time-outs."""
        ...

    def new_id(self, prefix: str) -> str:
        """`<prefix>-<26 characters>`: later ids sort later; 80 random bits make them unguessable."""
        ...
