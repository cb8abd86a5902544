"""Reads what a trainer says: `events.jsonl`, from where the last look ended. Every cursor is a byte position in that file."""

import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from server.domain.jobs.log_file import events
from shared.constants import MAX_CHART_POINTS
from shared.trainer_events import CancelledEvent, DoneEvent, FailedEvent
from shared.wire import MetricPoint, Progress, SampleGeneration

_MAX_READERS: Final = 64


class RunReader:
    """What is known of one run so far. `refresh` reads only what was appended since."""

    def __init__(self, events_file: Path) -> None:
        self._file = events_file
        self._cursor = 0
        self._lock = threading.Lock()
        self._points: list[tuple[int, MetricPoint]] = []
        self._generations: list[tuple[int, SampleGeneration]] = []
        self.progress: Progress | None = None
        self.done: DoneEvent | None = None
        self.failed: FailedEvent | None = None
        self.cancelled: CancelledEvent | None = None

    def refresh(self) -> "RunReader":
        with self._lock:
            for end, event in events(self._file, self._cursor):
                self._cursor = end
                if event is not None:
                    self._take(end, event)
        return self

    def metrics(self, *, after: int) -> tuple[list[MetricPoint], list[SampleGeneration], int]:
        """Points and generations that came behind cursor `after`, thinned, and the next cursor."""
        with self._lock:
            points = [point for end, point in self._points if end > after]
            generations = [generation for end, generation in self._generations if end > after]
            return thinned(points, MAX_CHART_POINTS), generations, self._cursor

    def _take(self, end: int, event: Any) -> None:
        now = self.progress or Progress(stage="Starting")
        match event.type:
            case "stage":
                self.progress = now.model_copy(update={"stage": event.message, "stage_fraction": event.fraction, "updated_at": event.at})
            case "progress":
                self.progress = Progress(
                    stage="Training",
                    stage_fraction=event.step / event.num_steps,
                    step=event.step,
                    num_steps=event.num_steps,
                    epoch=event.epoch,
                    loss=event.loss,
                    validation_loss=now.validation_loss,
                    tokens_per_s=event.tokens_per_s,
                    eta_s=event.eta_s,
                    updated_at=event.at,
                )
                point = MetricPoint(
                    step=event.step,
                    elapsed_s=event.elapsed_s,
                    loss=event.loss,
                    learning_rate=event.learning_rate,
                    grad_norm=event.grad_norm,
                    tokens_per_s=event.tokens_per_s,
                )
                self._points.append((end, point))
            case "hyperparameters":
                self.progress = now.model_copy(update={"num_steps": event.num_steps, "updated_at": event.at})
            case "evaluation":
                self.progress = now.model_copy(update={"validation_loss": event.loss, "updated_at": event.at})
                self._points.append((end, MetricPoint(step=event.step, elapsed_s=event.elapsed_s, validation_loss=event.loss)))
            case "generation":
                self._generations.append((end, SampleGeneration(step=event.step, prompt=event.prompt, text=event.text)))
            case "done":
                self.done = event
                self.progress = now.model_copy(update={"stage": "Done", "stage_fraction": 1.0, "eta_s": 0.0, "updated_at": event.at})
            case "failed":
                self.failed = event
            case "cancelled":
                self.cancelled = event


class RunReaders:
    """The readers of the runs that somebody looked at lately, so that a poll never reads a file from its beginning."""

    def __init__(self) -> None:
        self._readers: OrderedDict[Path, RunReader] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, events_file: Path) -> RunReader:
        with self._lock:
            reader = self._readers.pop(events_file, None) or RunReader(events_file)
            self._readers[events_file] = reader
            while len(self._readers) > _MAX_READERS:
                self._readers.popitem(last=False)
        return reader.refresh()

    def forget(self, events_file: Path) -> None:
        with self._lock:
            self._readers.pop(events_file, None)


def thinned(points: list[MetricPoint], limit: int) -> list[MetricPoint]:
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
