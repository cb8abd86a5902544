"""A run's story out of `events.jsonl`, in one pass: what the trainer said once, and what a report needs of what it said often."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from server.domain.jobs.log_file import events
from shared.trainer_events import DoneEvent, EvaluationEvent, HyperparametersEvent, ProgressEvent, SpecEvent

_MAX_WARNINGS: Final = 20


@dataclass
class Story:
    """Of several attempts at a job the last one counts, but for steps that an earlier one made and nobody went back behind."""

    spec: SpecEvent | None = None
    hyperparameters: HyperparametersEvent | None = None
    first_step: ProgressEvent | None = None
    last_step: ProgressEvent | None = None
    evaluations: list[EvaluationEvent] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    done: DoneEvent | None = None
    peak_memory_bytes: int | None = None

    @property
    def best_step(self) -> int | None:
        """The step whose weights became the model: the best on the validation part, or the last."""
        best = min((one for one in self.evaluations if one.step > 0), key=lambda one: (one.loss, one.step), default=None)
        if best is not None:
            return best.step
        return self.done.step if self.done is not None else None


def story_of(events_file: Path) -> Story:
    """Empty for a job that never ran."""
    story = Story()
    for _, event in events(events_file, 0):
        if event is not None:
            _take(story, event)
    return story


def _take(story: Story, event: Any) -> None:
    match event.type:
        case "spec":
            story.spec, story.done = event, None
        case "hyperparameters":
            story.hyperparameters = event
        case "sample":
            story.samples = [*story.samples[: event.index], event.text]
        case "progress":
            story.first_step = story.first_step or event
            story.last_step = event
            story.peak_memory_bytes = max(story.peak_memory_bytes or 0, event.memory_bytes)
        case "evaluation":
            story.evaluations.append(event)
        case "resumed":
            story.evaluations = [one for one in story.evaluations if one.step <= event.step]
        case "warning":
            if event.message not in story.warnings and len(story.warnings) < _MAX_WARNINGS:
                story.warnings.append(event.message)
        case "done":
            story.done = event
            story.peak_memory_bytes = max(story.peak_memory_bytes or 0, event.peak_memory_bytes)
