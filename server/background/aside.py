"""Long work of the supervisor's in threads of its own, one for each name."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class InBackground:
    """See `server.domain.jobs.aside`. What is under way when the server ends is given up: all of it can be begun again."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}

    def __call__(self, name: str, work: Callable[[], T]) -> T | None:
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = _Task(name, work)
            task.start()
        if task.is_alive():
            return None
        del self._tasks[name]
        if task.error is not None:
            raise task.error
        answer: T = task.answer
        return answer


class _Task(threading.Thread):
    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.answer: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.answer = self._work()
        except Exception as error:  # noqa: BLE001 - it is raised for whoever asks
            self.error = error
