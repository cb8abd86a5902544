"""Waiting for a job or a test, with what it says meanwhile. A server that goes away for a while is waited for: the run goes on."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from server.command_line.connection import Connection
from server.command_line.outcome import CANCELLED, DONE, FAILED, UNREACHABLE, Trouble
from server.command_line.terminal import Terminal, duration

_EVERY_S = 0.7
_PATIENCE_S = 300.0
_ENDED = {"succeeded", "failed", "cancelled"}
_STATUS = {"succeeded": DONE, "failed": FAILED, "cancelled": CANCELLED}
_MOST_LINES = 1_000


def job_to_its_end(connection: Connection, terminal: Terminal, job_id: str) -> tuple[dict[str, Any], int]:
    """The ended job and the exit status that tells how."""
    log = LogReader(connection, job_id)

    def tell(job: dict[str, Any]) -> None:
        if terminal.is_drawing:
            terminal.draw(*_where(job))
        elif not terminal.as_json:
            for line in log.fresh():
                terminal.say(line["text"])

    job = _to_its_end(connection, terminal, f"/api/jobs/{job_id}", tell)
    if not terminal.is_drawing:
        tell(job)
    return job, _STATUS[job["state"]]


def evaluation_to_its_end(connection: Connection, terminal: Terminal, evaluation_id: str) -> tuple[dict[str, Any], int]:
    last = ""

    def tell(evaluation: dict[str, Any]) -> None:
        nonlocal last
        words, fraction = _where_tested(evaluation)
        terminal.draw(words, fraction)
        stage = words.split(",")[0]
        if not terminal.is_drawing and stage != last:
            terminal.say(stage)
            last = stage

    evaluation = _to_its_end(connection, terminal, f"/api/evaluations/{evaluation_id}", tell)
    return evaluation, _STATUS[evaluation["state"]]


class LogReader:
    """The lines of a job's log, each once."""

    def __init__(self, connection: Connection, job_id: str) -> None:
        self._connection, self._path = connection, f"/api/jobs/{job_id}/logs"
        self._after = 0
        self.live = True
        """Whether more may come."""

    def fresh(self) -> Iterator[dict[str, Any]]:
        """What came since the last call."""
        while True:
            page = self._connection.get(self._path, after=self._after, limit=_MOST_LINES)
            self._after, self.live = page["next"], page["live"]
            yield from page["lines"]
            if len(page["lines"]) < _MOST_LINES:
                return


def _to_its_end(connection: Connection, terminal: Terminal, path: str, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    silent_since: float | None = None
    while True:
        try:
            found = connection.get(path)
            if found["state"] in _ENDED:
                terminal.clear()
                return found
            tell(found)
            silent_since = None
        except Trouble as trouble:
            if trouble.status != UNREACHABLE:
                raise
            if silent_since is None:
                silent_since = time.monotonic()
                terminal.say(f"{trouble} Waiting for it; what it has begun goes on.")
            if time.monotonic() - silent_since > _PATIENCE_S:
                raise
        time.sleep(_EVERY_S)


def _where(job: dict[str, Any]) -> tuple[str, float | None]:
    progress = job["progress"]
    if job["state"] == "queued":
        position = job["queue_position"]
        return f"Waiting{f', place {position} in the queue' if position else ''}", None
    if job["state"] == "paused":
        return "Paused", None
    if progress is None:
        return "Starting", None
    words = progress["stage"]
    if progress["step"] and progress["num_steps"]:
        words += f", step {progress['step']} of {progress['num_steps']}"
    if progress["loss"] is not None:
        words += f", loss {progress['loss']:.4f}"
    if progress["preference_accuracy"] is not None:
        words += f", {progress['preference_accuracy']:.0%} of the pairs right"
    if progress["eta_s"] is not None:
        words += f", {duration(progress['eta_s'])} left"
    return words, progress["stage_fraction"]


def _where_tested(evaluation: dict[str, Any]) -> tuple[str, float | None]:
    progress = evaluation["progress"]
    if evaluation["state"] == "queued" or progress is None:
        return "Waiting", None
    left = "" if progress["eta_s"] is None else f", {duration(progress['eta_s'])} left"
    if not progress["total"]:
        return progress["stage"], None
    return f"{progress['stage']}, {progress['done']} of {progress['total']} answers{left}", progress["done"] / progress["total"]
