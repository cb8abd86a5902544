"""Downloads by an address that holds for a minute, because a plain browser download cannot send a header."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.domain.accounts.export import RESOURCE
from server.web.deps import AppServices, CurrentVisit
from server.web.routes.account import export_answer
from server.web.routes.documents import DOCUMENT, content_answer
from server.web.routes.exports import RESOURCE as EXPORT
from server.web.routes.exports import export_answer as model_export_answer
from server.web.routes.reports import RESOURCE as REPORT
from server.web.routes.reports import linked_report
from server.web.routes.tuned_models import model_answer

router = APIRouter(tags=["downloads"])


@router.get("/api/downloads/{token}", response_class=Response)
def download_by_link(token: str, request: Request, services: AppServices, visit: CurrentVisit) -> Response:
    """Public: the token itself is the permission, for one document, one tuned model or form of it, one report, or one's own export."""
    user, resource = services.accounts.check_download_token(token)
    if resource.startswith(DOCUMENT):
        return content_answer(services, user, resource.removeprefix(DOCUMENT), request)
    if resource.startswith(f"{REPORT}/"):
        return linked_report(services, user, resource)
    if resource.startswith(f"{EXPORT}/"):
        return model_export_answer(services, user, resource)
    return export_answer(services, user, visit) if resource == RESOURCE else model_answer(services, user, resource)
