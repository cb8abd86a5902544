"""Reports: made of jobs, read in every format, shared by links. The page that a link opens is in `shared_reports`."""

from fastapi import APIRouter, status
from fastapi.responses import Response
from pydantic import TypeAdapter

from server.domain.reports.rendering import Rendering
from server.web.attachments import disposition
from server.web.deps import AppServices, CurrentCaller, CurrentUser
from server.web.paging import After, Limit
from server.web.shown_reports import shown_in_browser
from shared.wire import Deleted, DownloadLink, ListOf, NewShareLink, Report, ReportLinkRequest, ReportRequest, ShareLink, ShareRequest
from shared.wire.reports import ReportFormat

RESOURCE = "report"
"""What the resource of a download link begins with: `report/<how>/<format>/<id>`."""

router = APIRouter(prefix="/api/reports", tags=["reports"])


@router.post("", status_code=status.HTTP_201_CREATED)
def create_report(request: ReportRequest, services: AppServices, user: CurrentUser) -> Report:
    """Writes down what is known now of one or more jobs. What becomes of the jobs later changes nothing in it."""
    return services.reports.create(user, request)


@router.get("")
def list_reports(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[Report]:
    return services.reports.page(user, limit=limit, after=after)


@router.get("/{report_id}")
def get_report(report_id: str, services: AppServices, user: CurrentUser) -> Report:
    return services.reports.get(user, report_id)


@router.delete("/{report_id}")
def delete_report(report_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    """With its links."""
    services.reports.delete(user, report_id)
    return Deleted(id=report_id)


@router.get("/{report_id}/content", response_class=Response)
def get_report_content(report_id: str, services: AppServices, user: CurrentUser, format: ReportFormat | None = None) -> Response:
    """A file in this format, or in the one that the report was made for. `json` is a `ReportContent`."""
    chosen = format or services.reports.get(user, report_id).format
    return as_file(services.reports.rendering(user, report_id, chosen))


@router.post("/{report_id}/link")
def create_report_link(report_id: str, request: ReportLinkRequest, services: AppServices, caller: CurrentCaller) -> DownloadLink:
    """An address for a plain browser, which cannot send a header. It names this report alone and holds for a minute."""
    services.reports.get(caller.user_id, report_id)
    how = "view" if request.view else "file"
    token, expires_in = services.accounts.download_token(caller, f"{RESOURCE}/{how}/{request.format}/{report_id}")
    return DownloadLink(url=f"/api/downloads/{token}", expires_in=expires_in)


@router.post("/{report_id}/share", status_code=status.HTTP_201_CREATED)
def share_report(report_id: str, request: ShareRequest, services: AppServices, user: CurrentUser) -> NewShareLink:
    """A link that shows the report to whoever has it. It is told here and never again."""
    return services.shares.create(user, report_id, request)


@router.get("/{report_id}/shares")
def list_shares(report_id: str, services: AppServices, user: CurrentUser) -> ListOf[ShareLink]:
    return services.shares.all(user, report_id)


@router.delete("/{report_id}/shares/{share_id}")
def revoke_share(report_id: str, share_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.shares.revoke(user, report_id, share_id)
    return Deleted(id=share_id)


def linked_report(services: AppServices, user: str, resource: str) -> Response:
    """What a download link to a report opens."""
    _, how, chosen, report_id = resource.split("/", 3)
    format: ReportFormat = TypeAdapter(ReportFormat).validate_python(chosen)
    rendering = services.reports.rendering(user, report_id, format)
    return shown_in_browser(rendering, framed=True) if how == "view" and format == "html" else as_file(rendering)


def as_file(rendering: Rendering) -> Response:
    headers = {"content-disposition": disposition(rendering.filename)}
    return Response(rendering.data, media_type=rendering.media_type, headers=headers)
