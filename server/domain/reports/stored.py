"""A report as it is recorded: what is listed, and the links that open it. The content lies beside it as a blob, and never changes."""

from datetime import datetime

from pydantic import BaseModel

from server.domain.collection import Collection
from server.ports.records import Records
from shared.wire import Conclusion, Report, ShareLink
from shared.wire.reports import ReportFormat


class StoredShare(BaseModel):
    """`sha256` is of the token that the link ends with."""

    id: str
    sha256: str
    created_at: datetime
    expires_at: datetime

    def shown(self, report_id: str, now: datetime) -> ShareLink:
        return ShareLink(
            id=self.id, report_id=report_id, created_at=self.created_at, expires_at=self.expires_at, expired=self.expires_at <= now
        )


class StoredReport(BaseModel):
    id: str
    name: str
    job_ids: list[str]
    format: ReportFormat
    include_metrics: bool
    include_logs: bool
    conclusions: list[Conclusion]
    size_bytes: int
    created_at: datetime
    shares: list[StoredShare] = []

    def shown(self, now: datetime) -> Report:
        open_now = sum(share.expires_at > now for share in self.shares)
        return Report(num_shares=open_now, **self.model_dump(exclude={"shares"}))


def reports_in(records: Records) -> Collection[StoredReport]:
    return Collection(records, StoredReport, kind="report", noun="report")
