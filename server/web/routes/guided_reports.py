"""Reports in the guided workflow: the same as `/api/reports`, for plain forms too."""

from typing import Final

from fastapi import APIRouter, Request, status
from starlette.concurrency import run_in_threadpool

from server.web.deps import AppServices
from server.web.guided import GuidedUser, described, sent_as
from server.web.paging import After, Limit
from shared.wire import ListOf, Report, ReportRequest

_LISTS: Final = frozenset({"job_ids", "evaluation_ids"})

router = APIRouter(prefix="/llm-training/api/reports", tags=["guided workflow"])


@router.get("")
def list_training_reports(services: AppServices, user: GuidedUser, limit: Limit = 20, after: After = None) -> ListOf[Report]:
    return services.reports.page(user, limit=limit, after=after)


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=described(ReportRequest))
async def create_training_report(request: Request, services: AppServices, user: GuidedUser) -> Report:
    """Writes down what is known now of one or more jobs."""
    asked = await sent_as(request, ReportRequest, lists=_LISTS)
    return await run_in_threadpool(services.reports.create, user, asked)
