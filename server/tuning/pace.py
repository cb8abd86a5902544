"""Times of steps and evaluations, over all attempts at a run, and what they foretell."""

import time
from collections import deque
from typing import Any

SECONDS_BETWEEN_EVENTS = 0.5
_STEPS_REMEMBERED = 30


class Pace:
    """`tail_s` is how long the caller expects to need after the last step, `numbers` what an earlier attempt knew."""

    def __init__(self, num_steps: int, tail_s: float, numbers: dict[str, Any] | None = None) -> None:
        known = numbers or {"elapsed_s": 0.0, "train_s": 0.0, "evaluation_s": 0.0, "steps_s": []}
        self._num_steps, self._tail_s = num_steps, tail_s
        self._began = time.monotonic() - known["elapsed_s"]
        self._steps: deque[float] = deque(known["steps_s"], maxlen=_STEPS_REMEMBERED)
        self._evaluation_s: float = known["evaluation_s"]
        self._told = 0.0
        self._num_stepped = 0
        self.train_s: float = known["train_s"]
        self.asked_s: float = known.get("asked_s", 0.0)
        """How long the base was asked. The tuned model will be asked the same."""
        self.evaluations_left = 0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def numbers(self) -> dict[str, Any]:
        """All that the next attempt wants to know."""
        times = {"elapsed_s": self.elapsed_s, "train_s": self.train_s, "evaluation_s": self._evaluation_s, "asked_s": self.asked_s}
        return {**times, "steps_s": list(self._steps)}

    def stepped(self, seconds: float) -> None:
        """The first step of a process is slower than those that follow, so it counts only as long as there is no other."""
        self.train_s += seconds
        self._num_stepped += 1
        if self._num_stepped == 1 and self._steps:
            return
        if self._num_stepped == 2 and len(self._steps) == 1:
            self._steps.clear()
        self._steps.append(seconds)

    def evaluated(self, seconds: float) -> None:
        self._evaluation_s = seconds
        self.evaluations_left = max(0, self.evaluations_left - 1)

    def eta_s(self, step: int) -> float:
        """Until the run is done: the remaining steps at the pace of the last ones, evaluations, export."""
        pace = sum(self._steps) / len(self._steps)
        return (self._num_steps - step) * pace + self.evaluations_left * self._evaluation_s + self.asked_s + self._tail_s

    def is_time_to_tell(self, *, last: bool) -> bool:
        """Every step, or about two a second of a fast model; the first of an attempt and the last always."""
        now = time.monotonic()
        if self._num_stepped == 1 or last or now - self._told >= SECONDS_BETWEEN_EVENTS:
            self._told = now
            return True
        return False
