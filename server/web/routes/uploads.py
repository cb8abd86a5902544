"""Files that come in parts, and how much room there is for them."""

import io
from typing import Annotated

from fastapi import APIRouter, Body, Path, status
from fastapi.responses import StreamingResponse

from server.domain.documents.uploads import PART_BYTES
from server.web.attachments import csv_attachment
from server.web.deps import A_RUN_MAY_COME, AppServices, CurrentUser
from shared.wire import Deleted, Document, ListOf, ReadingOptions, Upload, UploadRequest, Usage

router = APIRouter(tags=["uploads"])
PartNumber = Annotated[int, Path(ge=1, le=1_000_000)]
# A part is small enough to be held in memory, and the body's limit keeps it so.
PartBytes = Annotated[bytes, Body(media_type="application/octet-stream")]


@router.get("/api/usage")
def get_usage(services: AppServices, user: CurrentUser) -> Usage:
    return services.documents.room.usage(user)


@router.post("/api/uploads", status_code=status.HTTP_201_CREATED)
def create_upload(request: UploadRequest, services: AppServices, user: CurrentUser) -> Upload:
    """Announces a file. Then send its parts, in any order, and complete it."""
    return services.uploads.open(user, request)


@router.get("/api/uploads")
def list_uploads(services: AppServices, user: CurrentUser) -> ListOf[Upload]:
    """Uploads that can be continued, newest first."""
    return ListOf(data=services.uploads.page(user))


@router.get("/api/uploads/{upload_id}")
def get_upload(upload_id: str, services: AppServices, user: CurrentUser) -> Upload:
    return services.uploads.get(user, upload_id)


@router.put("/api/uploads/{upload_id}/parts/{part}", max_body_size=PART_BYTES)
def put_upload_part(upload_id: str, part: PartNumber, body: PartBytes, services: AppServices, user: CurrentUser) -> Upload:
    """Stores the bytes of one part. Sending a part again does no harm."""
    return services.uploads.put_part(user, upload_id, part, io.BytesIO(body), len(body))


@router.post("/api/uploads/{upload_id}/complete", status_code=status.HTTP_201_CREATED, dependencies=A_RUN_MAY_COME)
def complete_upload(upload_id: str, reading: ReadingOptions, services: AppServices, user: CurrentUser) -> Document:
    """Reads the whole file. Refused, it stays here and can be completed again with other options."""
    return services.uploads.complete(user, upload_id, reading)


@router.get("/api/uploads/{upload_id}/problems", response_class=StreamingResponse)
def upload_problems(upload_id: str, services: AppServices, user: CurrentUser) -> StreamingResponse:
    """Every reason for the last refusal, as CSV."""
    return csv_attachment(services.uploads.problems(user, upload_id), "problems.csv")


@router.delete("/api/uploads/{upload_id}")
def delete_upload(upload_id: str, services: AppServices, user: CurrentUser) -> Deleted:
    services.uploads.abort(user, upload_id)
    return Deleted(id=upload_id)
