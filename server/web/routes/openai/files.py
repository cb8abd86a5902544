"""`/v1/files`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import Response, StreamingResponse

from server.domain.openai.ids import job_of_results, own
from server.settings import Settings
from server.web.attachments import csv_attachment
from server.web.deps import AppServices, CurrentUser
from server.web.routes.documents import FORM_OVERHEAD_BYTES, content_answer
from server.web.routes.openai.paging import After, page_of
from shared.wire.openai.base import PageOf
from shared.wire.openai.files import FileDeleted, FileObject

Seconds = Annotated[int | None, Form(alias="expires_after[seconds]", ge=3600, le=2_592_000)]
Anchor = Annotated[Literal["created_at"] | None, Form(alias="expires_after[anchor]")]


def router(settings: Settings) -> APIRouter:
    routes = APIRouter(prefix="/v1/files", include_in_schema=False)
    routes.post("", max_body_size=settings.max_upload_bytes + FORM_OVERHEAD_BYTES, form_limits={"max_files": 4, "max_fields": 12})(
        create_file
    )
    routes.get("")(list_files)
    routes.get("/{file_id}")(retrieve_file)
    routes.delete("/{file_id}")(delete_file)
    routes.get("/{file_id}/content", response_class=StreamingResponse)(file_content)
    return routes


def create_file(
    services: AppServices,
    user: CurrentUser,
    file: UploadFile,
    purpose: Annotated[str, Form()],
    seconds: Seconds = None,
    anchor: Anchor = None,
) -> FileObject:
    return services.openai.files.create(user, file.file, filename=file.filename or "unnamed", purpose=purpose, expires_after_s=seconds)


def list_files(
    services: AppServices,
    user: CurrentUser,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    after: After = None,
    order: Literal["asc", "desc"] = "desc",
    purpose: str | None = None,
) -> PageOf[FileObject]:
    found = services.openai.files.page(user, limit=limit, after=after, newest_first=order == "desc", purpose=purpose)
    return page_of(found, nothing="")


def retrieve_file(file_id: str, services: AppServices, user: CurrentUser) -> FileObject:
    return services.openai.files.get(user, file_id)


def delete_file(file_id: str, services: AppServices, user: CurrentUser) -> FileDeleted:
    services.openai.files.delete(user, file_id)
    return FileDeleted(id=file_id)


def file_content(file_id: str, request: Request, services: AppServices, user: CurrentUser) -> Response:
    """The bytes, whatever the request says that it accepts."""
    if job_of_results(file_id) is not None:
        table = services.openai.files.results(user, file_id)
        return csv_attachment(iter([table]), services.openai.files.get(user, file_id).filename)
    services.openai.files.document(user, file_id)
    return content_answer(services, user, own("doc", file_id), request)
