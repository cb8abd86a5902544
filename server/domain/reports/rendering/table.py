"""A report as one CSV table for spreadsheets and scripts: a row for every value, figures as figures.

Text that a spreadsheet would take for a formula is given a leading apostrophe: names and answers are written by anybody.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from shared.wire import ReportContent, ReportedJob

_COLUMNS: Final = ("job", "part", "name", "value", "base", "tuned", "note")
_FORMULA: Final = tuple("=+-@|%\t\r\n＝＋－＠")
Cell = str | float | int | None
Row = tuple[str, str, Cell, Cell, Cell, str]
"""Part, name, value, base, tuned, note: all but the job."""


def csv_of(content: ReportContent) -> bytes:
    """UTF-8 with a mark at the beginning, without which spreadsheets read it as something else."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for job in content.jobs:
        for row in _rows(job):
            writer.writerow([safe(cell) for cell in (job.name, *row)])
    return out.getvalue().encode("utf-8-sig")


def safe(cell: Cell) -> str:
    """Figures are ours and stay figures; everything else could be somebody's formula."""
    if cell is None:
        return ""
    if isinstance(cell, float | int):
        return repr(cell)
    text = cell.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _rows(job: ReportedJob) -> Iterator[Row]:
    yield "verdict", job.conclusion.outcome, None, None, None, job.conclusion.words
    yield from _tested(job)
    yield "job", "id", job.id, None, None, ""
    yield "job", "state", job.state, None, None, ""
    yield "job", "base model", job.base_model, None, None, job.base_model_name
    yield "job", "method", job.method, None, None, ""
    yield "job", "tuned model", job.tuned_model, None, None, ""
    yield "data", "content sha256", job.data.content_sha256, None, None, job.data.split
    yield "data", "examples", job.data.num_examples, None, None, ""
    yield "data", "validation examples", job.data.num_validation_examples, None, None, ""
    yield "data", "tokens in one pass", job.data.num_tokens_per_epoch, None, None, ""
    for file in job.data.files:
        yield f"{file.role} document", file.name, file.sha256, None, None, file.filename
    for setting in job.settings:
        yield "setting", setting.name, setting.value, None, None, setting.reason
    yield "loss", "training", job.training.train_loss, None, None, ""
    yield "loss", "validation", None, job.training.validation_loss_before, job.training.validation_loss, "before and after"
    for line in job.forecast:
        yield "forecast", line.name, line.actual, line.low, line.high, f"outcome, lowest and highest forecast: {line.words}"
    yield "cost", "seconds", job.cost.seconds, None, None, ""
    yield "cost", "core seconds", job.cost.core_seconds, None, None, ""
    yield "cost", "peak memory bytes", job.cost.peak_memory_bytes, None, None, ""
    for name, version in job.environment.versions.items():
        yield "environment", name, version, None, None, ""
    yield from _points(job)
    for logged in job.log or []:
        yield "log", logged.at.isoformat(), logged.level, None, None, logged.text


def _tested(job: ReportedJob) -> Iterator[Row]:
    for test in job.tests:
        judged = test.comparison.verdict if test.comparison is not None else None
        if judged is not None:
            yield "test", test.metric.name, judged.difference, judged.base, judged.tuned, f"{test.name}: {judged.verdict}"
            yield "test", "interval", None, judged.interval.low, judged.interval.high, "of the difference: lower and upper end"
        for item in test.values:
            yield "item", item.label or item.id, item.id, item.base, item.tuned, "in the training data" if item.leaked else ""


def _points(job: ReportedJob) -> Iterator[Row]:
    for point in job.training.points or []:
        yield "point", f"step {point.step}", point.loss, None, point.validation_loss, "training loss, and validation loss as tuned"
