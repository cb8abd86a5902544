"""Uploaded files. The body of an upload is limited by the installation's setting, not by the limit of other requests."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile, status
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from server.domain.accounts.tokens import DOWNLOAD_TTL_S
from server.settings import Settings
from server.web.attachments import csv_attachment, file_answer
from server.web.deps import A_RUN_MAY_COME, AppServices, CurrentCaller, CurrentUser
from server.web.forms import only_fields
from server.web.paging import After, Limit
from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS, DocumentType
from shared.wire import Deleted, Document, DocumentPatch, DownloadLink, ListOf, Preview

FORM_OVERHEAD_BYTES = 64 * 1024
DOCUMENT = "document/"
"""What the things begin with that a download token for a document opens."""


def router(settings: Settings) -> APIRouter:
    routes = APIRouter(prefix="/api/documents", tags=["documents"])
    routes.post(
        "",
        status_code=status.HTTP_201_CREATED,
        max_body_size=settings.max_upload_bytes + FORM_OVERHEAD_BYTES,
        # A few more than there are, so that one too many is refused by its name; none longer than the longest description.
        form_limits={"max_files": 4, "max_fields": 12, "max_part_size": 64 * 1024},
        dependencies=[Depends(only_fields("file", "type", "name", "description")), *A_RUN_MAY_COME],
    )(create_document)
    routes.get("")(list_documents)
    routes.get("/{document_id}")(get_document)
    routes.patch("/{document_id}")(patch_document)
    routes.get("/{document_id}/preview")(preview_document)
    routes.get("/{document_id}/text", response_class=PlainTextResponse)(document_text)
    routes.get("/{document_id}/problems", response_class=StreamingResponse)(document_problems)
    routes.get("/{document_id}/content", response_class=StreamingResponse)(document_content)
    routes.post("/{document_id}/download-link")(create_document_link)
    routes.delete("/{document_id}")(delete_document)
    return routes


def create_document(
    services: AppServices,
    user: CurrentUser,
    file: UploadFile,
    type: Annotated[DocumentType, Form()] = "dataset",  # noqa: A002 - the word of the wire
    name: Annotated[str | None, Form(max_length=MAX_NAME_CHARACTERS)] = None,
    description: Annotated[str, Form(max_length=MAX_NOTE_CHARACTERS)] = "",
) -> Document:
    """Takes a file, looks through all of it, and keeps it only when it can be trained on."""
    return services.documents.add(
        user, file.file, filename=file.filename or "unnamed", document_type=type, name=name, description=description
    )


def list_documents(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[Document]:
    return services.documents.page(user, limit=limit, after=after)


def get_document(document_id: str, services: AppServices, user: CurrentUser) -> Document:
    return services.documents.get(user, document_id)


def patch_document(document_id: str, patch: DocumentPatch, services: AppServices, user: CurrentUser) -> Document:
    """Renames or describes a document, or has it read in another way: format, charset, columns."""
    return services.jobs.patch_document(user, document_id, patch)


def preview_document(document_id: str, services: AppServices, user: CurrentUser, limit: Annotated[int, Query(ge=1, le=20)] = 10) -> Preview:
    """The first examples, as pieces that the model learns and pieces that it only reads."""
    return services.documents.preview(user, document_id, limit=limit)


def document_content(document_id: str, request: Request, services: AppServices, user: CurrentUser) -> Response:
    """The file as it was uploaded, always as an attachment: a browser must never show what a user uploaded as a page."""
    return content_answer(services, user, document_id, request)


def create_document_link(document_id: str, services: AppServices, caller: CurrentCaller) -> DownloadLink:
    """An address for a plain browser download, which cannot send a header: from the store itself where it can give files away. It names
    this file alone and holds for a minute."""
    straight = services.documents.link(caller.user_id, document_id, expires_s=DOWNLOAD_TTL_S)
    if straight is not None:
        return DownloadLink(url=straight, expires_in=DOWNLOAD_TTL_S)
    token, expires_in = services.accounts.download_token(caller, DOCUMENT + document_id)
    return DownloadLink(url=f"/api/downloads/{token}", expires_in=expires_in)


def content_answer(services: AppServices, user: str, document_id: str, request: Request) -> Response:
    document = services.documents.get(user, document_id)
    return file_answer(
        request,
        lambda start, end: services.documents.content(user, document_id, start=start, end=end)[1],
        size=document.size_bytes,
        etag=document.sha256,
        filename=document.filename,
    )


def document_text(document_id: str, services: AppServices, user: CurrentUser) -> StreamingResponse:
    """The beginning of the text that was extracted from a PDF, DOCX or HTML file, as plain text."""
    return StreamingResponse(services.documents.text(user, document_id), media_type="text/plain; charset=utf-8")


def document_problems(document_id: str, services: AppServices, user: CurrentUser) -> StreamingResponse:
    """Every problem that was noticed in the file, as CSV."""
    return csv_attachment(services.documents.problems(user, document_id), "problems.csv")


def delete_document(document_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.jobs.delete_document(user, document_id)
    return Deleted(id=document_id)
