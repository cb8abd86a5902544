"""Where a running evaluation is, from what its program says in `events.jsonl`, read on from where the last look ended."""

import threading
from pathlib import Path
from typing import Any, Final, Self

from server.domain.jobs.log_file import events
from server.domain.jobs.readers import Readers
from shared.trainer_events import FailedEvent, TestedEvent
from shared.wire import EvaluationProgress

_MAX_READERS: Final = 32


class TestReader:
    """`tested` and `failed` are the last of any attempt; whose they are, their run's id says."""

    __test__ = False  # pytest collects classes by this name

    def __init__(self, events_file: Path) -> None:
        self._file = events_file
        self._cursor = 0
        self._lock = threading.Lock()
        self.progress: EvaluationProgress | None = None
        self.tested: TestedEvent | None = None
        self.failed: FailedEvent | None = None

    def refresh(self) -> Self:
        with self._lock:
            for end, event in events(self._file, self._cursor):
                self._cursor = end
                if event is not None:
                    self._take(event)
        return self

    def _take(self, event: Any) -> None:
        now = self.progress or EvaluationProgress(stage="Starting")
        match event.type:
            case "stage":
                self.progress = now.model_copy(update={"stage": event.message, "updated_at": event.at})
            case "testing":
                self.progress = EvaluationProgress(
                    stage=f"Testing {event.model}", done=event.done, total=event.total, eta_s=event.eta_s, updated_at=event.at
                )
            case "tested":
                self.tested = event
            case "failed":
                self.failed = event


class TestReaders(Readers[TestReader]):
    __test__ = False

    def __init__(self) -> None:
        super().__init__(TestReader, most=_MAX_READERS)
