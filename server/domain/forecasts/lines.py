"""What was said before the run against what came of it, as lines. A forecast that was wrong stands here as one that was wrong."""

from dataclasses import dataclass
from typing import Final

from shared.wire import Forecast, ForecastLine, Spent


@dataclass(frozen=True)
class Underway:
    """What a run that goes on says of itself: seconds until now, and those that it expects to need yet."""

    seconds: float
    left_s: float


def forecast_lines(said: Forecast | None, actual: Spent | None, underway: Underway | None = None) -> list[ForecastLine]:
    """Empty for a job from before forecasts were kept."""
    if said is None:
        return []
    took: dict[str, float | None] = {} if actual is None else actual.model_dump()
    ranges: list[tuple[str, str, float | None, float | None]] = [
        ("num_steps", "steps", said.num_steps_low or said.num_steps, said.num_steps_high or said.num_steps),
        (
            "num_tokens",
            "tokens",
            said.num_training_tokens_low or said.num_training_tokens,
            said.num_training_tokens_high or said.num_training_tokens,
        ),
        ("seconds", "seconds", said.seconds_low, said.seconds_high),
        ("memory_bytes", "memory_bytes", said.memory_low_bytes or said.memory_bytes, said.memory_high_bytes or said.memory_bytes),
        ("disk_bytes", "disk_bytes", said.disk_low_bytes or said.disk_bytes, said.disk_high_bytes or said.disk_bytes),
    ]
    lines = [_line(name, low, high, took.get(field)) for field, name, low, high in ranges]
    money = said.money
    if money is not None:
        lines.append(_line("money", money.low, money.high, took.get("money")).model_copy(update={"currency": money.currency}))
    if underway is not None:
        seconds = underway.seconds + underway.left_s
        soon = {"seconds": seconds, "money": None if money is None else money.per_hour * seconds / 3600}
        lines = [line.model_copy(update={"expected": soon.get(line.name)}) for line in lines]
    return lines


_TITLES: Final = {
    "steps": "Optimizer steps",
    "tokens": "Tokens read",
    "seconds": "Time",
    "memory_bytes": "Memory",
    "disk_bytes": "Disk",
    "money": "Money",
}


def _line(name: str, low: float | None, high: float | None, actual: float | None) -> ForecastLine:
    told = {"name": name, "title": _TITLES[name], "low": low, "high": high, "actual": actual}
    return ForecastLine.model_validate({**told, "words": _held(low, high, actual)})


def _held(low: float | None, high: float | None, actual: float | None) -> str:
    if low is None or high is None:
        return "No forecast: this machine had not been measured with this model."
    if actual is None:
        return "Nothing to compare yet: the run has not ended well."
    if low < high and low <= actual <= high:
        return "As forecast."
    nearest = low if actual < low else high
    if nearest == 0 or abs(actual - nearest) / nearest < 0.005:
        return "As forecast."
    share = abs(actual - nearest) / nearest
    return f"{100 * share:.2g} % {'more' if actual > nearest else 'less'} than forecast."
