"""How far a test is, and how long the rest of it will take."""


class Pace:
    """Counts answers of all models together. What an earlier attempt had done counts, and took no time."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.num_done = 0
        self._num_timed = 0
        self._seconds = 0.0

    def done_before(self, count: int) -> None:
        self.num_done += count

    def done(self, count: int, seconds: float) -> None:
        self.num_done += count
        self._num_timed += count
        self._seconds += seconds

    @property
    def eta_s(self) -> float | None:
        """None before anything was timed. Longer items come last, so this is a little too hopeful at first."""
        if self.num_done >= self.total:
            return 0.0
        return round(self._seconds / self._num_timed * (self.total - self.num_done), 1) if self._num_timed else None
