"""What a job said, newest first, as events: its moves from state to state, between the lines of its log. Ids are places in the one or the
other, so that they stay the same however often they are asked for, and say where the next page begins."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from server.domain.jobs.log_file import events, start_of_last
from server.domain.jobs.states import StoredJob
from server.domain.openai.ids import seconds, shown
from server.errors import InvalidInput
from shared.trainer_events import level_of, render
from shared.wire import JobMove
from shared.wire.openai.jobs import JobEvent

_BLOCK: Final = 200
_LEVELS: Final = {"debug": "info", "info": "info", "warning": "warn", "error": "error"}


@dataclass(frozen=True)
class _Moment:
    """Something that happened to a job outside of its run."""

    at: datetime
    level: str
    message: str


def job_events(job: StoredJob, events_file: Path, *, limit: int, after: str | None) -> tuple[list[JobEvent], bool]:
    """At most `limit` that happened before the event `after`, and whether there are more."""
    moments = _moments(job)
    place = None if after is None else _place(job, after)
    told: list[JobEvent] = []
    for event in _newest_first(job, moments, events_file, place):
        if len(told) == limit:
            return told, True
        told.append(event)
    return told, False


def _newest_first(job: StoredJob, moments: list[_Moment], events_file: Path, place: tuple[str, int] | None) -> Iterator[JobEvent]:
    """Lines and moments, merged by time; of two at the same time the line came first. `place` is the last that was told before."""
    kind, number = place or ("", 0)
    line_before = number if kind == "line" else None
    left = len(moments)
    newest: datetime | None = None
    if kind == "moment":
        left = min(number, left)
        newest = moments[left].at if left < len(moments) else None
    for start, end, event in _lines_backwards(events_file, line_before):
        if event is None or (newest is not None and event.at > newest):
            continue
        if kind == "line" and start == line_before:  # Where the page before ended: what happened since was told there.
            left = bisect_left(moments, event.at, hi=left, key=lambda moment: moment.at)
            continue
        while left and moments[left - 1].at >= event.at:
            left -= 1
            yield _of_moment(job, moments[left], left)
        yield _of_line(job, event, start, end)
    for index in range(left - 1, -1, -1):
        yield _of_moment(job, moments[index], index)


def _lines_backwards(events_file: Path, from_line: int | None) -> Iterator[tuple[int, int, Any]]:
    """(start, end, event) from the line that starts at `from_line`, or from the last one, back to the first."""
    if from_line is not None:
        first = next(events(events_file, from_line), None)
        if first is not None:
            yield from_line, first[0], first[1]
    before = from_line
    while before is None or before > 0:
        start = start_of_last(events_file, before=before, limit=_BLOCK)
        block, at = [], start
        for end, event in events(events_file, start):
            if before is not None and end > before:
                break
            block.append((at, end, event))
            at = end
        yield from reversed(block)
        if not block:
            return
        before = start


def _place(job: StoredJob, after: str) -> tuple[str, int]:
    prefix = _id(job, "")
    kind, number = after.removeprefix(prefix)[:1], after.removeprefix(prefix)[1:]
    if not after.startswith(prefix) or kind not in {"m", "s"} or not (number.isascii() and number.isdigit() and len(number) < 16):
        raise InvalidInput(f"{after[:100]!r} is no event of this job.", code="request.invalid", param="after")
    return ("moment" if kind == "m" else "line"), int(number)


def _id(job: StoredJob, place: str) -> str:
    return f"ftevent-{shown(job.id).removeprefix('ftjob-')}-{place}"


def _of_moment(job: StoredJob, moment: _Moment, index: int) -> JobEvent:
    return JobEvent.model_validate(
        {
            "id": _id(job, f"m{index}"),
            "created_at": seconds(moment.at),
            "level": moment.level,
            "message": moment.message,
            "type": "message",
            "data": {},
        }
    )


def _of_line(job: StoredJob, event: Any, start: int, end: int) -> JobEvent:
    metrics = _metrics(event)
    return JobEvent.model_validate(
        {
            "id": _id(job, f"s{start}"),
            "created_at": seconds(event.at),
            "level": _LEVELS[level_of(event)],
            "message": _message(event),
            "type": "metrics" if metrics else "message",
            "data": metrics,
        }
    )


def _message(event: Any) -> str:
    if event.type == "progress":
        return f"Step {event.step}/{event.num_steps}: training loss={event.loss:.2f}"
    if event.type == "evaluation" and event.step:
        return f"Step {event.step}: validation loss={event.loss:.2f}"
    return render(event)


def _metrics(event: Any) -> dict[str, Any]:
    match event.type:
        case "progress":
            return {
                "step": event.step,
                "total_steps": event.num_steps,
                "epoch": event.epoch,
                "train_loss": event.loss,
                "learning_rate": event.learning_rate,
            }
        case "evaluation":
            return {"step": event.step, "valid_loss": event.loss}
        case _:
            return {}


def _moments(job: StoredJob) -> list[_Moment]:
    """In order of time. How the request was understood comes first."""
    file = shown(job.document_ids[0]) if job.document_ids else "the file"
    opening = [
        *(("warn", remark) for remark in (job.asked.remarks if job.asked else [])),
        ("info", f"Created fine-tuning job: {shown(job.id)}"),
        ("info", f"Validating training file: {file}"),
        ("info", "Files validated, moving job to queued state"),
    ]
    moments = [_Moment(job.created_at, level, message) for level, message in opening]
    moves = [move for move in job.history if not (move.state == "queued" and move.at == job.created_at)]
    for move in moves:
        moments += [_Moment(move.at, level, message) for level, message in _words(job, move)]
    return moments


def _words(job: StoredJob, move: JobMove) -> list[tuple[str, str]]:
    match move.state:
        case "running":
            return [("info", "Fine-tuning job started")]
        case "succeeded":
            return [("info", f"New fine-tuned model created: {job.tuned_model}"), ("info", "The job has successfully completed")]
        case "failed":
            return [("error", f"Fine-tuning job failed: {move.reason or 'no reason is known'}")]
        case "cancelled":
            return [("info", f"Fine-tuning job cancelled{'' if move.reason is None else f': {move.reason}'}")]
        case "paused":
            return [("info", "Fine-tuning job paused")]
        case _:
            return [("info", f"Fine-tuning job queued again{'' if move.reason is None else f': {move.reason}'}")]
