"""The training loop: batches, steps, evaluations at regular intervals, and the best weights kept. Deterministic by seed and threads."""

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from torch import Tensor

from server.tuning import failures
from server.tuning.evaluate import mean_loss
from server.tuning.events import EventLog
from server.tuning.flat import FlatParameters
from server.tuning.loss import head_loss
from server.tuning.model import CausalModel
from server.tuning.optimizer import Optimizer
from server.tuning.packing import Batch, Blocks
from server.tuning.process import memory_bytes
from server.tuning.schedule import batch_shape, num_steps, rate_at
from shared.job_spec import RunSettings
from shared.trainer_events import EvaluationEvent, ProgressEvent

_EVALUATIONS = 4
_SECONDS_BETWEEN_EVENTS = 0.5


@dataclass
class Progress:
    """What has happened so far; what `done` reports in the end."""

    step: int = 0
    loss_before: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    best: Tensor | None = None
    num_rows: int = 0
    num_trained: int = 0
    train_seconds: float = 0.0
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=10))

    @property
    def train_loss(self) -> float:
        """Mean of the last steps: one alone says little."""
        return sum(self.losses) / max(1, len(self.losses))

    @property
    def tokens_per_s(self) -> float:
        return self.num_rows / self.train_seconds if self.train_seconds else 0.0


class Loop:
    """Trains `parameters` of `model` on `blocks`. `tail_s` is how long the caller expects to need after the last step, for the ETA."""

    def __init__(
        self,
        model: CausalModel,
        parameters: FlatParameters,
        blocks: Blocks,
        *,
        validation: Sequence[Batch],
        settings: RunSettings,
        events: EventLog,
        tail_s: float,
    ) -> None:
        self.progress = Progress()
        self.num_steps = num_steps(settings, len(blocks))
        self._model, self._flat, self._blocks = model, parameters, blocks
        self._validation, self._settings, self._events = validation, settings, events
        self._optimizer = Optimizer(parameters, weight_decay=settings.weight_decay, max_grad_norm=settings.max_grad_norm)
        self._clock = _Clock(self.num_steps, tail_s)

    def run(self) -> None:
        """All steps. Raises the failure `nan_loss`."""
        self._evaluate(0)
        evaluated_at = evaluation_steps(self.num_steps)
        self._clock.evaluations_left = len(evaluated_at)
        for step, batches in enumerate(self._steps(), start=1):
            began = time.monotonic()
            rate = self._rate(step)
            loss, norm = self._step(batches, rate)
            self._clock.stepped(time.monotonic() - began)
            self._count(step, batches, loss)
            if not math.isfinite(loss) or not math.isfinite(norm):
                raise failures.nan_loss(step, self._settings.learning_rate)
            self._tell(step, loss, rate, norm)
            if step in evaluated_at:
                self._evaluate(step)

    def _steps(self) -> Iterator[list[Batch]]:
        """The batches of each step, drawn from one endless order of blocks."""
        order = self._blocks.endless(self._settings.seed)
        size, accumulation = batch_shape(self._settings, len(self._blocks))
        for _ in range(self.num_steps):
            yield [self._blocks.batch(list(islice(order, size))) for _ in range(accumulation)]

    def _rate(self, step: int) -> float:
        settings = self._settings
        return rate_at(step, self.num_steps, peak=settings.learning_rate, warmup_ratio=settings.warmup_ratio, scheduler=settings.scheduler)

    def _step(self, batches: list[Batch], rate: float) -> tuple[float, float]:
        """Loss per learned token before the step, and the gradient's norm."""
        scale = 1 / sum(batch.num_trained for batch in batches)
        loss = 0.0
        for batch in batches:
            hidden = self._model.hidden(batch.ids, batch.spans)[batch.rows]
            part = head_loss(hidden, self._model.head_weight, batch.targets, scale)
            part.backward()
            loss += float(part.detach())
        return loss, self._optimizer.step(rate)

    def _count(self, step: int, batches: list[Batch], loss: float) -> None:
        progress = self.progress
        progress.step = step
        progress.losses.append(loss)
        progress.num_rows += sum(batch.num_rows for batch in batches)
        progress.num_trained += sum(batch.num_trained for batch in batches)
        progress.train_seconds = self._clock.train_seconds

    def _tell(self, step: int, loss: float, rate: float, norm: float) -> None:
        """Every step, or about two a second of a fast model; the first and the last always."""
        if not self._clock.is_time_to_tell(last=step == self.num_steps, first=step == 1):
            return
        self._events.write(
            ProgressEvent,
            step=step,
            num_steps=self.num_steps,
            epoch=round(step * math.prod(batch_shape(self._settings, len(self._blocks))) / len(self._blocks), 3),
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            tokens_per_s=round(self.progress.tokens_per_s, 1),
            eta_s=round(self._clock.eta_s(step), 1),
            elapsed_s=round(self._clock.elapsed_s, 2),
            memory_bytes=memory_bytes(),
        )

    def _evaluate(self, step: int) -> None:
        if not self._validation:
            return
        began = time.monotonic()
        loss = mean_loss(self._model, self._validation)
        self._clock.evaluated(time.monotonic() - began)
        progress = self.progress
        if step and not math.isfinite(loss):
            raise failures.nan_loss(step, self._settings.learning_rate)
        best = progress.best_loss is None or loss < progress.best_loss
        if step == 0:
            progress.loss_before = loss
        elif best or progress.best is None:
            progress.best_loss, progress.best_step, progress.best = loss, step, None if step == self.num_steps else self._flat.copy()
        self._events.write(
            EvaluationEvent, step=step, loss=loss, perplexity=math.exp(min(loss, 50)), elapsed_s=round(self._clock.elapsed_s, 2), best=best
        )


def evaluation_steps(num_steps: int) -> set[int]:
    """Evenly spaced, the last step among them."""
    count = min(_EVALUATIONS, num_steps)
    return {round(num_steps * (i + 1) / count) for i in range(count)}


class _Clock:
    """Times of steps and evaluations, and what they foretell."""

    def __init__(self, num_steps: int, tail_s: float) -> None:
        self._num_steps, self._tail_s = num_steps, tail_s
        self._began = time.monotonic()
        self._steps: deque[float] = deque(maxlen=30)
        self._evaluation_s = 0.0
        self._told = 0.0
        self.train_seconds = 0.0
        self.evaluations_left = 0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def stepped(self, seconds: float) -> None:
        self._steps.append(seconds)
        self.train_seconds += seconds

    def evaluated(self, seconds: float) -> None:
        self._evaluation_s = seconds
        self.evaluations_left = max(0, self.evaluations_left - 1)

    def eta_s(self, step: int) -> float:
        """Until the run is done: the remaining steps at the pace of the last ones (the very first is slower), evaluations, export."""
        known = list(self._steps)[1:] if step <= 30 and len(self._steps) > 1 else list(self._steps)
        pace = sum(known) / len(known)
        return (self._num_steps - step) * pace + self.evaluations_left * self._evaluation_s + self._tail_s

    def is_time_to_tell(self, *, first: bool, last: bool) -> bool:
        now = time.monotonic()
        if first or last or now - self._told >= _SECONDS_BETWEEN_EVENTS:
            self._told = now
            return True
        return False
