"""What a signed-in user does with reports: made once, read in any format, deleted. Links for others are in `shares`."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from server.domain import keys
from server.domain.collection import Stored, retrying
from server.domain.documents.usage import Room
from server.domain.reports.gathering import reported_job
from server.domain.reports.material import JobMaterial
from server.domain.reports.rendering import Rendering, Typeset, rendered
from server.domain.reports.stored import StoredReport, reports_in
from server.ports.blobs import Blobs
from server.ports.clock import Clock
from server.ports.records import Delete, Put, Records
from shared.constants import MAX_NAME_CHARACTERS
from shared.wire import ListOf, Report, ReportContent, ReportRequest, ShareLink
from shared.wire.reports import ReportFormat


@dataclass(frozen=True)
class Reports:
    records: Records
    blobs: Blobs
    clock: Clock
    room: Room
    material: JobMaterial
    typeset: Typeset

    def create(self, owner: str, request: ReportRequest) -> Report:
        """Raises `NotFound` for a job or a test that is not there, `InvalidInput` for a test of another model."""
        jobs = [reported_job(facts) for facts in self.material.of(owner, request)]
        now = self.clock.now()
        content = ReportContent(
            id=self.clock.new_id("rpt"),
            name=request.name or _name([job.name for job in jobs]),
            created_at=now,
            include_metrics=request.include_metrics,
            include_logs=request.include_logs,
            jobs=jobs,
        )
        data = content.model_dump_json().encode()
        self.room.check_total(owner, len(data))
        stored = StoredReport(
            id=content.id,
            name=content.name,
            job_ids=[job.id for job in jobs],
            format=request.format,
            include_metrics=request.include_metrics,
            include_logs=request.include_logs,
            conclusions=[job.conclusion for job in jobs],
            size_bytes=len(data),
            created_at=now,
        )
        self.blobs.put(keys.report_blob(owner, stored.id), io.BytesIO(data))
        try:
            reports_in(self.records).write(reports_in(self.records).adding(owner, stored.id, stored))
        except BaseException:
            self.blobs.delete(keys.report_blob(owner, stored.id))
            raise
        return stored.shown(now)

    def page(self, owner: str, *, limit: int, after: str | None) -> ListOf[Report]:
        page = reports_in(self.records).page(owner, limit=limit, after=after)
        now = self.clock.now()
        return ListOf(data=[report.shown(now) for report in page.items], has_more=page.has_more)

    def get(self, owner: str, report_id: str) -> Report:
        return self.stored(owner, report_id).value.shown(self.clock.now())

    def stored(self, owner: str, report_id: str) -> Stored[StoredReport]:
        """Raises `NotFound`."""
        return reports_in(self.records).get(owner, report_id)

    def content(self, owner: str, report_id: str) -> ReportContent:
        """Raises `NotFound`."""
        return ReportContent.model_validate_json(b"".join(self.stored_content(owner, report_id)))

    def stored_content(self, owner: str, report_id: str) -> Iterator[bytes]:
        """The same as it lies in the store. Raises `NotFound`."""
        self.stored(owner, report_id)
        return self.blobs.open(keys.report_blob(owner, report_id))

    def shares_of(self, owner: str, report_id: str) -> list[ShareLink]:
        """Raises `NotFound`."""
        return [share.shown(report_id, self.clock.now()) for share in self.stored(owner, report_id).value.shares]

    def rendering(self, owner: str, report_id: str, format: ReportFormat) -> Rendering:
        """The report in a format. Raises `NotFound`, and `Unavailable` when a PDF cannot be set now."""
        return rendered(self.content(owner, report_id), format, self.typeset)

    def delete(self, owner: str, report_id: str) -> None:
        """Ends its links in the same write: a link that outlives its report would only be a door to nothing, but still a door."""

        def attempt() -> None:
            stored = self.stored(owner, report_id)
            ending: list[Put | Delete] = [Delete(keys.shared_report(share.sha256), None) for share in stored.value.shares]
            reports_in(self.records).write(reports_in(self.records).removing(owner, report_id, version=stored.version), *ending)

        retrying(attempt)
        self.blobs.delete(keys.report_blob(owner, report_id))


def _name(jobs: list[str]) -> str:
    if len(jobs) == 1:
        return jobs[0]
    more = f" and {len(jobs) - 1} more" if len(jobs) > 2 else f" and {jobs[1]}"
    return f"{jobs[0]}{more}"[:MAX_NAME_CHARACTERS]
