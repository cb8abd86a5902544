"""What a supervisor remembers of a live run between two looks: since when it makes no progress, and since when it was asked to stop.

All of it is on the monotonic clock and in memory: another server that takes the run over begins to count anew.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.domain.jobs.states import Stop

STALLED_AFTER_S: Final = 30.0
_CPU_OF_A_LIVING_RUN_S: Final = 0.5
GRACE_S: Final[dict[Stop, float]] = {"cancel": 10.0, "pause": 120.0}
"""From the polite request to the kill. A pause exists to keep what was learned, so it waits for the checkpoint."""


@dataclass
class Watch:
    """`still_since` is when the events file last grew, or the processor time last rose by half a second."""

    still_since: float
    size: int = -1
    cpu_s: float = 0.0
    asked: Stop | None = None
    asked_at: float = 0.0

    def still_for_s(self, events_file: Path, cpu_s: float, *, now: float) -> float:
        """Seconds without any sign of progress."""
        try:
            size = events_file.stat().st_size
        except FileNotFoundError:
            size = 0
        if size != self.size or abs(cpu_s - self.cpu_s) >= _CPU_OF_A_LIVING_RUN_S:
            self.size, self.cpu_s, self.still_since = size, cpu_s, now
        return now - self.still_since

    def must_stop(self, asked: Stop, *, now: float) -> bool | None:
        """What to do for a stop that is asked for: False is the polite request, True is force, None is to wait."""
        if asked != self.asked:
            self.asked, self.asked_at = asked, now
            return False
        return True if now - self.asked_at >= GRACE_S[asked] else None
