"""The charts of one job's training, with what they show in words for those who do not see them."""

from server.domain.reports import words
from server.domain.reports.blocks import Chart
from server.domain.reports.charts import Series, line_chart
from shared.wire import ReportedJob


def curves_of(job: ReportedJob, place: int) -> list[Chart]:
    """Losses, and the learning rate. Empty where there are no points."""
    points = job.training.points or []
    training = [(float(point.step), point.loss) for point in points if point.loss is not None]
    validation = [(float(point.step), point.validation_loss) for point in points if point.validation_loss is not None]
    rates = [(float(point.step), point.learning_rate) for point in points if point.learning_rate is not None]
    charts = []
    if training or validation:
        title, description = "Loss by step", _losses(training, validation)
        series = [Series("Training", "train", training), Series("Validation", "validation", validation, marked=True)]
        svg = line_chart(f"loss-{place}", series, title=title, description=description, x_title="step", y_title="loss")
        charts.append(Chart(title, description, svg))
    if len(rates) > 1:
        title = "Learning rate by step"
        most = max(rate for _, rate in rates)
        description = f"The learning rate reaches {words.number(most)} and is {words.number(rates[-1][1])} at step {rates[-1][0]:,.0f}."
        series = [Series("Learning rate", "other", rates)]
        svg = line_chart(f"rate-{place}", series, title=title, description=description, x_title="step", y_title="learning rate")
        charts.append(Chart(title, description, svg))
    return charts


def _losses(training: list[tuple[float, float]], validation: list[tuple[float, float]]) -> str:
    said = [_course("training", training), _course("validation", validation)]
    return " ".join(part for part in said if part)


def _course(name: str, points: list[tuple[float, float]]) -> str:
    if not points:
        return ""
    (first_step, first), (last_step, last) = points[0], points[-1]
    if len(points) == 1:
        return f"The {name} loss is {words.loss(first)} at step {first_step:,.0f}."
    way = "falls" if last < first else "rises" if last > first else "stays"
    lowest = min(points, key=lambda point: point[1])
    also = f", with its lowest value {words.loss(lowest[1])} at step {lowest[0]:,.0f}" if lowest[0] not in {first_step, last_step} else ""
    return f"The {name} loss {way} from {words.loss(first)} at step {first_step:,.0f} to {words.loss(last)} at step {last_step:,.0f}{also}."
