"""The page that a share link opens. Public: the token in the address is the permission, for one report and until it ends."""

from fastapi import APIRouter
from fastapi.responses import Response

from server.domain.reports.rendering import nothing_here
from server.domain.reports.shares import SHARED_PATH
from server.errors import NotFound
from server.web.deps import AppServices
from server.web.shown_reports import shown_in_browser

router = APIRouter(prefix=SHARED_PATH, include_in_schema=False)


@router.get("/{token}")
def show_shared_report(token: str, services: AppServices) -> Response:
    """Expired, revoked and never made look the same: nothing tells that there was something."""
    try:
        owner, report_id = services.shares.opened(token)
        rendering = services.reports.rendering(owner, report_id, "html")
    except NotFound:
        return shown_in_browser(nothing_here(), status_code=404)
    return shown_in_browser(rendering)
