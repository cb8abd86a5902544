"""Points of a run's chart: small while they are held by the ten thousand, whole when they are shown, thinned when there are too many."""

import math
from typing import NamedTuple, Protocol, TypeVar

from shared.trainer_events import ProgressEvent
from shared.wire import MetricPoint, Progress


class Point(NamedTuple):
    """`end` is the cursor behind the line that told of it; the rest is a `MetricPoint`, which takes ten times the time and memory."""

    end: int
    step: int
    elapsed_s: float
    loss: float | None = None
    validation_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    tokens_per_s: float | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    gpu_percent: float | None = None
    reward_margin: float | None = None
    preference_accuracy: float | None = None
    validation_reward_margin: float | None = None
    validation_preference_accuracy: float | None = None

    def shown(self) -> MetricPoint:
        fields = self._asdict()
        del fields["end"]
        return MetricPoint.model_validate(fields)


def point_of(end: int, event: ProgressEvent) -> Point:
    return Point(
        end,
        event.step,
        event.elapsed_s,
        event.loss,
        None,
        event.learning_rate,
        event.grad_norm,
        event.tokens_per_s,
        event.memory_bytes,
        event.cpu_percent,
        event.gpu_percent,
        event.reward_margin,
        event.preference_accuracy,
    )


def progress_at(event: ProgressEvent, before: Progress | None) -> Progress:
    return Progress(
        stage="Training",
        stage_fraction=event.step / event.num_steps,
        step=event.step,
        num_steps=event.num_steps,
        epoch=event.epoch,
        loss=event.loss,
        validation_loss=before.validation_loss if before else None,
        reward_margin=event.reward_margin,
        preference_accuracy=event.preference_accuracy,
        tokens_per_s=event.tokens_per_s,
        eta_s=event.eta_s,
        updated_at=event.at,
    )


class Plotted(Protocol):
    @property
    def loss(self) -> float | None: ...
    @property
    def validation_loss(self) -> float | None: ...


P = TypeVar("P", bound=Plotted)


def thinned(points: list[P], limit: int) -> list[P]:
    """At most about `limit` points in order: first, last, every validation point, and of each stretch its lowest and its highest loss."""
    if len(points) <= limit:
        return points
    kept = {0, len(points) - 1} | {index for index, point in enumerate(points) if point.validation_loss is not None}
    stretch = math.ceil(2 * len(points) / max(2, limit - len(kept)))
    for start in range(0, len(points), stretch):
        losses = [(point.loss, index) for index, point in enumerate(points[start : start + stretch], start) if point.loss is not None]
        if losses:
            kept |= {min(losses)[1], max(losses)[1]}
    return [points[index] for index in sorted(kept)]
