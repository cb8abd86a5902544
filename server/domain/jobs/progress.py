"""Reads what a trainer says: `events.jsonl`, from where the last look ended. Every cursor is a byte position in that file."""

import threading
from bisect import bisect_right
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Self

from server.domain.jobs.log_file import events
from server.domain.jobs.points import Point, point_of, progress_at, thinned
from server.domain.jobs.readers import Readers
from shared.constants import MAX_CHART_POINTS
from shared.trainer_events import CancelledEvent, DoneEvent, FailedEvent, ProgressEvent
from shared.wire import Metrics, Progress, SampleGeneration

_MAX_READERS: Final = 64
# Held in memory of one run. The chart shows fewer; of a longer run the oldest are thinned the most.
_MAX_POINTS: Final = 10_000


class RunReader:
    """What is known of one run so far. `refresh` reads only what was appended since."""

    def __init__(self, events_file: Path) -> None:
        self._file = events_file
        self._cursor = 0
        self._lock = threading.Lock()
        self._points: list[Point] = []
        self._thin_at = 2 * _MAX_POINTS
        self._generations: list[tuple[int, SampleGeneration]] = []
        self._rewinds: list[tuple[int, int]] = []
        self._progress: Progress | None = None
        self._step: ProgressEvent | None = None
        """The last one, as long as `_progress` does not tell of it: of thousands in a row only the last is worth telling."""
        self.done: DoneEvent | None = None
        self.failed: FailedEvent | None = None
        self.cancelled: CancelledEvent | None = None

    def refresh(self) -> Self:
        with self._lock:
            for end, event in events(self._file, self._cursor):
                self._cursor = end
                if event is not None:
                    self._take(end, event)
        return self

    @property
    def progress(self) -> Progress | None:
        """Where the run is, as of the last `refresh`; None before it said anything."""
        return self._progress if self._step is None else progress_at(self._step, self._progress)

    def metrics(self, *, after: int) -> Metrics:
        """Points and generations that came behind cursor `after`, thinned. Points that a resumed run went back behind are gone."""
        with self._lock:
            points = thinned(self._points[bisect_right(self._points, after, key=itemgetter(0)) :], MAX_CHART_POINTS)
            generations = [generation for end, generation in self._generations if end > after]
            rewound = min((step for end, step in self._rewinds if end > after > 0), default=None)
            shown = [point.shown() for point in points]
            return Metrics(data=shown, generations=generations, rewound_to=rewound, next=self._cursor)

    def _take(self, end: int, event: Any) -> None:
        if event.type == "progress":
            self._plot(point_of(end, event))
            self._step = event
            return
        self._progress, self._step = self.progress, None
        now = self._progress or Progress(stage="Starting")
        match event.type:
            case "spec":
                # Another attempt at the job: where it will go on is not known yet, and how long it will take even less.
                self._progress = now.model_copy(update={"stage": "Starting", "stage_fraction": None, "eta_s": None, "updated_at": event.at})
            case "resumed":
                self._rewind(end, event.step)
                self._progress = now.model_copy(update={"step": event.step, "eta_s": None, "updated_at": event.at})
            case "stage":
                self._progress = now.model_copy(update={"stage": event.message, "stage_fraction": event.fraction, "updated_at": event.at})
            case "hyperparameters":
                self._progress = now.model_copy(update={"num_steps": event.num_steps, "updated_at": event.at})
            case "evaluation":
                self._progress = now.model_copy(update={"validation_loss": event.loss, "updated_at": event.at})
                self._plot(
                    Point(
                        end,
                        event.step,
                        event.elapsed_s,
                        validation_loss=event.loss,
                        validation_reward_margin=event.reward_margin,
                        validation_preference_accuracy=event.preference_accuracy,
                    )
                )
            case "generation":
                self._generations.append((end, SampleGeneration(step=event.step, prompt=event.prompt, text=event.text)))
            case "done":
                self.done = event
                self._progress = now.model_copy(update={"stage": "Done", "stage_fraction": 1.0, "eta_s": 0.0, "updated_at": event.at})
            case "failed":
                self.failed = event
            case "cancelled":
                self.cancelled = event

    def _rewind(self, end: int, step: int) -> None:
        self._points = [point for point in self._points if point.step <= step]
        self._generations = [(at, generation) for at, generation in self._generations if generation.step <= step]
        self._rewinds.append((end, step))

    def _plot(self, point: Point) -> None:
        self._points.append(point)
        if len(self._points) >= self._thin_at:
            self._points = thinned(self._points, _MAX_POINTS)
            self._thin_at = 2 * max(_MAX_POINTS, len(self._points))


class RunReaders(Readers[RunReader]):
    def __init__(self) -> None:
        super().__init__(RunReader, most=_MAX_READERS)
