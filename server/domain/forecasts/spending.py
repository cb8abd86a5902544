"""What a job took, for its forecast to be held against. Pure."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.forecasts.lines import Underway
from shared.trainer_events import DoneEvent
from shared.wire import Forecast, JobMove, Progress, Spent


def spent_on(done: DoneEvent, history: Sequence[JobMove], forecast: Forecast | None, *, at: datetime) -> Spent:
    """Money is at the price of the forecast."""
    seconds = running_seconds(history, at)
    money = forecast.money if forecast is not None else None
    return Spent(
        num_steps=done.step,
        num_tokens=done.num_tokens_read,
        seconds=round(seconds, 2),
        memory_bytes=done.peak_memory_bytes,
        disk_bytes=sum(artifact.size_bytes for artifact in done.artifacts),
        money=None if money is None else round(money.per_hour * seconds / 3600, 6),
    )


def speed_of(forecast: Forecast | None, tokens_per_step: int, done: DoneEvent, spent: Spent) -> dict[str, float]:
    """What the next forecast of this model may learn from this run: its speed, what it needed beside its steps, and how far off the
    forecast was."""
    overhead = max(0.0, done.seconds - done.step * tokens_per_step / done.tokens_per_s)
    ratio = {} if forecast is None or not forecast.seconds or not forecast.parts else {"ratio": round(spent.seconds / forecast.seconds, 3)}
    return {"tokens_per_s": done.tokens_per_s, "overhead_s": overhead, **ratio}


def running_seconds(history: Sequence[JobMove], at: datetime) -> float:
    """How long a job has been running until `at`, all its runs together."""
    moves = [*history, None]
    ends = [move.at if move is not None else at for move in moves[1:]]
    return sum((end - move.at).total_seconds() for move, end in zip(history, ends, strict=True) if move.state == "running")


def underway(progress: Progress | None, history: Sequence[JobMove], at: datetime) -> Underway | None:
    """None until the trainer says how much is left."""
    if progress is None or progress.eta_s is None:
        return None
    return Underway(running_seconds(history, at), progress.eta_s)
