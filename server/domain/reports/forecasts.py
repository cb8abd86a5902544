"""What was said before the run against what came of it. A forecast that was wrong stands here as one that was wrong."""

from server.domain.jobs.states import StoredJob
from server.domain.reports import words
from server.domain.reports.story import Story
from shared.wire import ForecastLine


def forecast_lines(job: StoredJob, story: Story) -> list[ForecastLine]:
    """Empty for a job from before forecasts were kept."""
    said, done, told = job.forecast, story.done, story.hyperparameters
    if said is None:
        return []
    epochs = story.last_step.epoch if story.last_step is not None else None
    tokens = told.num_training_tokens * epochs if told is not None and epochs is not None and done is not None else None
    return [
        _line("steps", "Optimizer steps", said.num_steps, said.num_steps, done.step if done is not None else None),
        _line("tokens", "Tokens read", said.num_training_tokens, said.num_training_tokens, tokens),
        _line("seconds", "Time", said.seconds_low, said.seconds_high, done.seconds if done is not None else None),
        _line("memory_bytes", "Memory", said.memory_bytes, said.memory_bytes, done.peak_memory_bytes if done is not None else None),
    ]


def _line(name: str, title: str, low: float | None, high: float | None, actual: float | None) -> ForecastLine:
    judged = {"name": name, "title": title, "low": low, "high": high, "actual": actual, "words": _held(low, high, actual)}
    return ForecastLine.model_validate(judged)


def _held(low: float | None, high: float | None, actual: float | None) -> str:
    if low is None or high is None:
        return "No forecast: no run of this model had been measured on this machine."
    if actual is None:
        return "The run did not end well, so there is nothing to compare."
    if low < high and low <= actual <= high:
        return "As forecast."
    nearest = low if actual < low else high
    if nearest == 0 or abs(actual - nearest) / nearest < 0.005:
        return "As forecast."
    share = abs(actual - nearest) / nearest
    return f"{words.number(100 * share, 2)} % {'more' if actual > nearest else 'less'} than forecast."
