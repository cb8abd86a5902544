"""Looks up all that a report is made of: jobs, what their runs said, their data, their tests. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pydantic

from server.domain.collection import Collection
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.jobs.live import LiveJobs
from server.domain.jobs.points import thinned
from server.domain.jobs.specs import Folders
from server.domain.jobs.states import StoredJob
from server.domain.models.catalogue import BaseModels
from server.domain.reports.gathering import Facts
from server.domain.reports.story import story_of
from server.domain.reports.tested import FinishedTest
from server.domain.reports.tests import TestsOfModels
from server.domain.reports.words import clipped
from server.errors import InvalidInput, NotFound
from server.ports.records import Records
from shared.constants import MAX_CHART_POINTS
from shared.job_spec import SPEC_FILE, JobSpec
from shared.wire import Dataset, Document, LogLine, Metrics, ReportRequest

_MAX_POINTS: Final = 2_400
_MAX_LOG_LINES: Final = 4_000
"""Of all jobs of a report together; a report stays a file that can be sent."""
_LOG_BEGINNING: Final = 0.2
_MAX_LINE: Final = 500


@dataclass(frozen=True)
class JobMaterial:
    records: Records
    datasets: Datasets
    documents: Documents
    base_models: BaseModels
    live: LiveJobs
    folders: Folders
    tests: TestsOfModels
    product_version: str

    def of(self, owner: str, request: ReportRequest) -> list[Facts]:
        """One for each job, in the order asked for. Raises what `Reports.create` does."""
        collection = Collection(self.records, StoredJob, kind="job", noun="job")
        jobs = [collection.get(owner, job_id).value for job_id in dict.fromkeys(request.job_ids)]
        tests = self._tests(owner, jobs, request.evaluation_ids)
        return [self._facts(job, request, tests[job.id], num_jobs=len(jobs)) for job in jobs]

    def _tests(self, owner: str, jobs: Sequence[StoredJob], asked: list[str] | None) -> dict[str, list[FinishedTest]]:
        if asked is None:
            newest = {job.id: self.tests.newest(owner, job.tuned_model) if job.tuned_model else None for job in jobs}
            return {job_id: [test] if test is not None else [] for job_id, test in newest.items()}
        named = [self.tests.get(owner, evaluation_id) for evaluation_id in dict.fromkeys(asked)]
        for test in named:
            if not any(_is_of(test, job) for job in jobs):
                raise InvalidInput(
                    f"The test {test.evaluation.name!r} is not of these jobs' models. Leave it out, or add the job it tested.",
                    code="reports.other_test",
                    param="evaluation_ids",
                )
        newest_first = sorted(named, key=lambda test: test.evaluation.id, reverse=True)
        return {job.id: [test for test in newest_first if _is_of(test, job)] for job in jobs}

    def _facts(self, job: StoredJob, request: ReportRequest, tests: list[FinishedTest], *, num_jobs: int) -> Facts:
        self.live.check(job.owner, job.id)  # Brings its log here, where it ran on another machine.
        log, shortened = self._log(job, _MAX_LOG_LINES // num_jobs) if request.include_logs else (None, False)
        metrics = self._metrics(job, min(MAX_CHART_POINTS, _MAX_POINTS // num_jobs)) if request.include_metrics else None
        return Facts(
            job=job,
            base_model_name=self._name_of_base(job.base_model),
            dataset=self._dataset(job),
            documents=self._documents(job),
            spec=self._spec(job),
            story=story_of(self.folders.events_of(job.id)),
            metrics=metrics,
            log=log,
            log_is_shortened=shortened,
            product_version=self.product_version,
            tests=tests,
        )

    def _metrics(self, job: StoredJob, limit: int) -> Metrics:
        metrics = self.live.metrics(job.owner, job.id, after=0)
        return metrics.model_copy(update={"data": thinned(metrics.data, limit)})

    def _log(self, job: StoredJob, limit: int) -> tuple[list[LogLine], bool]:
        """All of it, or of a long one its beginning and its end."""
        first = self.live.logs(job.owner, job.id, after=0, limit=limit)
        lines, shortened = first.lines, False
        if len(lines) == limit and self.live.log_end(job.id) > first.next:
            beginning = round(_LOG_BEGINNING * limit)
            last = self.live.logs_before(job.owner, job.id, before=None, limit=limit - beginning)
            lines, shortened = [*lines[:beginning], *(line for line in last.lines if line.cursor > lines[beginning - 1].cursor)], True
        return [line.model_copy(update={"text": clipped(line.text, _MAX_LINE)}) for line in lines], shortened

    def _name_of_base(self, model_id: str) -> str:
        try:
            return self.base_models.get(model_id).name
        except NotFound:
            return model_id

    def _dataset(self, job: StoredJob) -> Dataset | None:
        try:
            return self.datasets.get(job.owner, job.dataset_id)
        except NotFound:
            return None

    def _documents(self, job: StoredJob) -> dict[str, Document]:
        found = {}
        for document_id in [*job.document_ids, *([job.validation_document_id] if job.validation_document_id else [])]:
            try:
                found[document_id] = self.documents.get(job.owner, document_id)
            except NotFound:
                continue
        return found

    def _spec(self, job: StoredJob) -> JobSpec | None:
        """None for a job that never ran, or whose folder is on another machine."""
        try:
            return JobSpec.model_validate_json((self.folders.of(job.id) / SPEC_FILE).read_bytes())
        except (OSError, pydantic.ValidationError):
            return None


def _is_of(test: FinishedTest, job: StoredJob) -> bool:
    """A job's model may also be the base of another test; that test says nothing of whether its own training worked."""
    return job.tuned_model in test.models[1:]
