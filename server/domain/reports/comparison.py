"""Several jobs beside each other: what came out, what was asked differently, and their validation losses in one chart."""

from server.domain.reports import metrics, words
from server.domain.reports.blocks import Block, Chart, Charts, Column, Paragraph, Table
from server.domain.reports.charts import Series, line_chart
from shared.wire import ReportedJob, Verdict


def compared(jobs: list[ReportedJob]) -> list[Block]:
    outcomes = Table(
        "What came out",
        [
            Column("Job", share=3),
            Column("Verdict", share=2),
            Column("Difference to its base", True, 3),
            Column("Validation loss", True, 3),
            Column("Time", True, 2),
        ],
        [
            [f"{place}. {job.name}", job.conclusion.headline, _difference(job), _losses(job), words.duration(job.cost.seconds)]
            for place, job in enumerate(jobs, 1)
        ],
    )
    blocks: list[Block] = [outcomes]
    metrics_used = {test.metric.words for job in jobs for test in job.tests[:1]}
    if len(metrics_used) > 1:
        blocks.append(
            Paragraph(f"The differences are in different metrics ({', '.join(sorted(metrics_used))}) and cannot be set against each other.")
        )
    if len({job.data.content_sha256 for job in jobs}) > 1:
        blocks.append(
            Paragraph("These jobs did not all learn from the same data, so their losses cannot be set against each other either.")
        )
    blocks.append(_differences(jobs))
    chart = _validation_chart(jobs)
    if chart is not None:
        blocks.append(Charts([chart]))
    return blocks


def _difference(job: ReportedJob) -> str:
    verdict = _verdict(job)
    if verdict is None:
        return "not tested"
    return f"{metrics.difference(verdict.metric, verdict.difference)} ({metrics.interval(verdict.metric, verdict.interval)})"


def _verdict(job: ReportedJob) -> Verdict | None:
    comparison = next((test.comparison for test in job.tests if test.comparison is not None), None)
    return None if comparison is None else comparison.counting


def _losses(job: ReportedJob) -> str:
    before, after = job.training.validation_loss_before, job.training.validation_loss
    if before is None and after is None:
        return "not measured"
    return f"{words.loss(before)} to {words.loss(after)}"


def _differences(jobs: list[ReportedJob]) -> Block:
    """Only what is not the same everywhere: what is the same explains nothing."""
    found: dict[str, list[str]] = {
        "Base model": [job.base_model_name for job in jobs],
        "Method": [job.method for job in jobs],
        "Data": [job.data.dataset_name or job.data.content_sha256[:8] for job in jobs],
    }
    titles = {setting.name: setting.title for job in jobs for setting in job.settings}
    values = [{setting.name: words.setting(setting.value) for setting in job.settings} for job in jobs]
    found |= {title: [value.get(name, "none") for value in values] for name, title in titles.items()}
    differing = [[title, *row] for title, row in found.items() if len(set(row)) > 1]
    if not differing:
        return Paragraph("All settings of these jobs are the same.")
    columns = [Column("", share=2), *(Column(f"{place}. {job.name}", share=2) for place, job in enumerate(jobs, 1))]
    return Table("What was asked differently", columns, differing)


def _validation_chart(jobs: list[ReportedJob]) -> Chart | None:
    series = []
    for place, job in enumerate(jobs, 1):
        points = [(float(one.step), one.validation_loss) for one in job.training.points or [] if one.validation_loss is not None]
        series.append(Series(f"Job {place}", f"run-{place}", points, marked=True))
    drawn = [one for one in series if one.points]
    if not drawn:
        return None
    title = "Validation loss by step"
    description = " ".join(f"{one.name}: from {words.loss(one.points[0][1])} to {words.loss(one.points[-1][1])}." for one in drawn)
    svg = line_chart("compared", series, title=title, description=description, x_title="step", y_title="validation loss")
    return Chart(title, description, svg)
