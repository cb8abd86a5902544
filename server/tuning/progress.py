"""What has happened so far in a training: counters, losses, and the best weights. A checkpoint carries it on; `done` reports it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

_LOSSES_REMEMBERED = 10


@dataclass
class Progress:
    """`evaluated` is the last step that was validated, -1 before the base itself was; `stale` counts the validations since the
    best, `halvings` how often the batch was halved because memory ran out. `first_losses` are those of the first steps."""

    step: int = 0
    evaluated: int = -1
    stale: int = 0
    halvings: int = 0
    loss_before: float | None = None
    validation_loss: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    best: Tensor | None = None
    num_rows: int = 0
    num_trained: int = 0
    train_seconds: float = 0.0
    first_losses: list[float] = field(default_factory=list)
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=_LOSSES_REMEMBERED))

    @property
    def train_loss(self) -> float:
        """Mean of the last steps: one alone says little."""
        return sum(self.losses) / max(1, len(self.losses))

    @property
    def tokens_per_s(self) -> float:
        return self.num_rows / self.train_seconds if self.train_seconds else 0.0

    def stepped(self, loss: float, *, num_rows: int, num_trained: int, train_seconds: float) -> None:
        self.step += 1
        self.losses.append(loss)
        if len(self.first_losses) < _LOSSES_REMEMBERED:
            self.first_losses.append(loss)
        self.num_rows += num_rows
        self.num_trained += num_trained
        self.train_seconds = train_seconds

    def numbers(self) -> dict[str, Any]:
        """Everything but the weights, as JSON takes it, and as it is now. Floats come back to the bit."""
        fields = {name: value for name, value in vars(self).items() if name != "best"}
        return {**fields, "first_losses": list(self.first_losses), "losses": list(self.losses)}

    @classmethod
    def of(cls, numbers: dict[str, Any], best: Tensor | None) -> "Progress":
        return cls(**{**numbers, "losses": deque(numbers["losses"], maxlen=_LOSSES_REMEMBERED), "best": best})
