"""From what is known of a job to what a report says of it. Pure: the same facts give the same report."""

from dataclasses import dataclass, field
from typing import Any, Final

from server.domain.forecasts.lines import forecast_lines
from server.domain.forecasts.spending import spent_on
from server.domain.jobs.states import StoredJob
from server.domain.reports import words
from server.domain.reports.conclusions import conclusion_on
from server.domain.reports.reproduction import reproduction_of
from server.domain.reports.story import Story
from server.domain.reports.tested import FinishedTest, reported_test
from shared.job_spec import DataFile, JobSpec
from shared.wire import (
    DataCard,
    Dataset,
    Document,
    LogLine,
    MetricPoint,
    Metrics,
    ReportedCost,
    ReportedEnvironment,
    ReportedFile,
    ReportedJob,
    ReportedSetting,
    ReportedTraining,
    Spent,
    SplitByDocument,
)

_TITLES: Final = {
    "epochs": "Epochs",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "max_steps": "Most steps",
    "block_size": "Block size",
    "gradient_accumulation": "Gradient accumulation",
    "scheduler": "Schedule",
    "warmup_ratio": "Warm-up",
    "weight_decay": "Weight decay",
    "max_grad_norm": "Gradient limit",
    "lora_r": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_targets": "LoRA layers",
    "lora_scaling": "LoRA scaling",
    "lora_dropout": "LoRA dropout",
    "label_smoothing": "Label smoothing",
    "early_stopping": "Early stopping",
    "validation_fraction": "Validation share",
    "seed": "Seed",
    "beta": "Beta",
}
_LORA_ONLY: Final = frozenset({"lora_r", "lora_alpha", "lora_targets", "lora_scaling", "lora_dropout"})
_OF_DOCUMENT: Final = set(ReportedFile.model_fields) & set(Document.model_fields)
_OF_RUN: Final = set(ReportedFile.model_fields) & set(DataFile.model_fields)
_MAX_PROBLEMS: Final = 10
_MAX_GENERATIONS: Final = 12
_MAX_GENERATION: Final = 600


@dataclass(frozen=True)
class Facts:
    """All that is known of one job. `spec` is what the last run was given, `documents` are those of its files that are still there;
    metrics and log are None where they are left out."""

    job: StoredJob
    base_model_name: str
    dataset: Dataset | None
    documents: dict[str, Document]
    spec: JobSpec | None
    story: Story
    metrics: Metrics | None
    log: list[LogLine] | None
    log_is_shortened: bool
    product_version: str
    tests: list[FinishedTest] = field(default_factory=list)


def reported_job(facts: Facts) -> ReportedJob:
    job = facts.job
    training = _training(facts)
    data = _data_card(facts)
    tests = [] if job.tuned_model is None else [reported_test(test, job.tuned_model) for test in facts.tests]
    return ReportedJob(
        id=job.id,
        name=job.name,
        note=job.note,
        state=job.state,
        error=job.error,
        base_model=job.base_model,
        base_model_name=facts.base_model_name,
        method=job.method,
        objective=job.objective,
        tuned_model=job.tuned_model,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        conclusion=conclusion_on(job, training, tests),
        tests=tests,
        data=data,
        settings=_settings(job, facts.story),
        training=training,
        forecast=forecast_lines(job.forecast, job.spent or _spent(job, facts.story)),
        cost=_cost(job, facts.story, facts.metrics),
        environment=_environment(facts),
        reproduction=reproduction_of(job, facts.story, data.files),
        log=facts.log,
        log_is_shortened=facts.log_is_shortened,
    )


def _training(facts: Facts) -> ReportedTraining:
    story, done = facts.story, facts.story.done
    last = story.last_step
    generations = [] if facts.metrics is None else facts.metrics.generations[-_MAX_GENERATIONS:]
    return ReportedTraining(
        num_steps=done.step if done is not None else last.step if last is not None else None,
        epochs=last.epoch if last is not None else None,
        train_loss=done.train_loss if done is not None else last.loss if last is not None else None,
        validation_loss_before=next((one.loss for one in story.evaluations if one.step == 0), None),
        validation_loss=_validation_loss(story),
        best_step=story.best_step,
        num_training_tokens=done.num_training_tokens if done is not None else None,
        tokens_per_s=done.tokens_per_s if done is not None else last.tokens_per_s if last is not None else None,
        points=None if facts.metrics is None else facts.metrics.data,
        generations=[one.model_copy(update={"text": words.clipped(one.text, _MAX_GENERATION)}) for one in generations],
    )


def _validation_loss(story: Story) -> float | None:
    if story.done is not None:
        return story.done.validation_loss
    return min((one.loss for one in story.evaluations if one.step > 0), default=None)


def _data_card(facts: Facts) -> DataCard:
    job, told = facts.job, facts.story.hyperparameters
    held = [job.validation_document_id] if job.validation_document_id else []
    read = facts.spec.data if facts.spec is not None else []
    read_to_validate = facts.spec.validation_data if facts.spec is not None else []
    files = [
        *(_file(facts, document_id, read, place, "training") for place, document_id in enumerate(job.document_ids)),
        *(_file(facts, document_id, read_to_validate, place, "validation") for place, document_id in enumerate(held)),
    ]
    return DataCard(
        dataset_id=job.dataset_id,
        dataset_name=facts.dataset.name if facts.dataset is not None else None,
        content_sha256=job.content_sha256,
        split=_split(facts),
        files=files,
        num_examples=told.num_examples if told is not None else None,
        num_validation_examples=told.num_validation_examples if told is not None else None,
        num_tokens_per_epoch=told.num_training_tokens if told is not None else None,
        samples=facts.story.samples,
        warnings=facts.story.warnings,
    )


def _file(facts: Facts, document_id: str, read: list[DataFile], place: int, role: str) -> ReportedFile:
    """As the run read it, which the document's record need not tell any more: it may have been renamed, read again or deleted since."""
    document = facts.documents.get(document_id)
    known: dict[str, Any] = {"document_id": document_id, "role": role, "name": "A deleted document", "missing": document is None}
    if document is not None:
        known |= document.model_dump(include=_OF_DOCUMENT) | {"problems": document.warnings[:_MAX_PROBLEMS]}
    if place < len(read):
        known |= read[place].model_dump(include=_OF_RUN)
    return ReportedFile.model_validate(known)


def _split(facts: Facts) -> str:
    job = facts.job
    if facts.job.validation_document_id or (facts.dataset is not None and isinstance(facts.dataset.split, SplitByDocument)):
        return "Validated on a document of its own, which was not trained on."
    fraction = job.resolved["validation_fraction"].value if "validation_fraction" in job.resolved else 0
    if not fraction:
        return "Nothing was kept back: everything was trained on."
    return f"{100 * float(fraction):.3g} % of the examples were kept back for validation, chosen by the seed {job.resolved['seed'].value}."


def _settings(job: StoredJob, story: Story) -> list[ReportedSetting]:
    """As the run used them, in the order in which they were decided on."""
    used = story.hyperparameters.values if story.hyperparameters is not None else {}
    found = []
    for name, resolved in job.resolved.items():
        if name in _LORA_ONLY and job.method != "lora":
            continue
        asked = getattr(job.hyperparameters, name, "auto")
        value = used.get(name, resolved.value)
        changed = value != resolved.value
        reason = f"Planned as {words.setting(resolved.value)}; the run changed it to fit the data." if changed else resolved.reason
        found.append(
            ReportedSetting(name=name, title=_TITLES.get(name, name), value=value, asked=None if asked == "auto" else asked, reason=reason)
        )
    return found


def _spent(job: StoredJob, story: Story) -> Spent | None:
    """Of a job from before that was kept with it."""
    return None if story.done is None else spent_on(story.done, job.history, job.forecast, at=job.finished_at or job.created_at)


def _cost(job: StoredJob, story: Story, metrics: Metrics | None) -> ReportedCost:
    seconds = story.done.seconds if story.done is not None else story.last_step.elapsed_s if story.last_step is not None else None
    waited = (job.started_at - job.created_at).total_seconds() if job.started_at is not None else None
    threads = story.spec.threads if story.spec is not None else None
    busy = None if metrics is None or threads is None else _busy_share(metrics.data)
    return ReportedCost(
        seconds=seconds,
        waited_s=None if waited is None else max(0.0, waited),
        core_seconds=None if busy is None or seconds is None or threads is None else busy * threads * seconds,
        peak_memory_bytes=story.peak_memory_bytes,
    )


def _busy_share(points: list[MetricPoint]) -> float | None:
    """Of the cores that the run may use, over its time; None where it was not measured."""
    measured = [point for point in points if point.cpu_percent is not None]
    before, total, busy = 0.0, 0.0, 0.0
    for point in measured:
        passed = max(0.0, point.elapsed_s - before)
        total, busy, before = total + passed, busy + passed * (point.cpu_percent or 0.0) / 100, point.elapsed_s
    return busy / total if total > 0 else None


def _environment(facts: Facts) -> ReportedEnvironment:
    spec, done = facts.story.spec, facts.story.done
    return ReportedEnvironment(
        device=spec.device if spec is not None else None,
        threads=spec.threads if spec is not None else None,
        versions=spec.versions if spec is not None else {},
        num_parameters=done.num_parameters if done is not None else spec.num_parameters if spec is not None else None,
        num_trainable=spec.num_trainable if spec is not None else None,
        num_runs=facts.job.num_runs,
        product_version=facts.product_version,
    )
