"""Downloads by an address that holds for a minute, because a plain browser download cannot send a header."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from server.domain.accounts.export import RESOURCE
from server.web.deps import AppServices, CurrentVisit
from server.web.routes.account import export_answer
from server.web.routes.tuned_models import model_answer

router = APIRouter(tags=["downloads"])


@router.get("/api/downloads/{token}", response_class=StreamingResponse)
def download_by_link(token: str, services: AppServices, visit: CurrentVisit) -> StreamingResponse:
    """Public: the token itself is the permission, for one tuned model or for one's own export."""
    user, resource = services.accounts.check_download_token(token)
    return export_answer(services, user, visit) if resource == RESOURCE else model_answer(services, user, resource)
