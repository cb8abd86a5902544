"""A test's metric in words: values, differences, and which way is up."""

from shared.wire import Interval, Metric, Verdict


def value(metric: Metric, of: float | None) -> str:
    if of is None:
        return "none"
    match metric.name:
        case "accuracy" | "similarity":
            return f"{100 * of:.1f} %"
        case _:
            return f"{of:.3f}"


def difference(metric: Metric, of: float) -> str:
    """Tuned minus base, signed. Percentages differ by points, lest a rise from 40 % by 10 points be read as one to 44 %."""
    sign = "+" if of > 0 else "−" if of < 0 else "±"
    match metric.name:
        case "accuracy" | "similarity":
            return f"{sign}{100 * abs(of):.1f} points"
        case _:
            return f"{sign}{abs(of):.3f}"


def interval(metric: Metric, of: Interval) -> str:
    return f"{difference(metric, of.low)} to {difference(metric, of.high)}"


def direction(metric: Metric) -> str:
    return "higher is better" if metric.higher_is_better else "lower is better"


def moved(verdict: Verdict) -> str:
    """`fell from 3.100 to 1.200`."""
    if verdict.base is None or verdict.tuned is None:
        return "has no value for both models"
    before, after = value(verdict.metric, verdict.base), value(verdict.metric, verdict.tuned)
    if before == after:
        return f"stayed at {after}"
    return f"{'rose' if verdict.tuned > verdict.base else 'fell'} from {before} to {after}"
