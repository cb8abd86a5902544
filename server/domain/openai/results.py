"""The table that a run leaves: a line for each step, made of its log whenever somebody asks."""

import csv
import io
from pathlib import Path

from server.domain.jobs.log_file import events

HEADING = ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"]


def table_of(events_file: Path) -> bytes:
    """As OpenAI's result files are written. Accuracies are not measured here, so their columns are empty."""
    train: dict[int, float] = {}
    valid: dict[int, float] = {}
    for _, event in events(events_file, 0):
        match getattr(event, "type", None):
            case "progress":
                first = event.step - len(event.losses_before)
                train |= {first + index: loss for index, loss in enumerate([*event.losses_before, event.loss])}
            case "evaluation" if event.step:
                valid[event.step] = event.loss
            case "resumed":  # What an earlier attempt said of later steps does not count any more.
                train = {step: loss for step, loss in train.items() if step <= event.step}
                valid = {step: loss for step, loss in valid.items() if step <= event.step}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADING)
    for step in sorted(train.keys() | valid.keys()):
        table.writerow([step, _number(train.get(step)), "", _number(valid.get(step)), ""])
    return text.getvalue().encode()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
