"""`/v1/uploads`."""

from fastapi import APIRouter, UploadFile

from server.domain.documents.pieces import MAX_PIECE_BYTES
from server.web.deps import AppServices, CurrentUser
from server.web.routes.documents import FORM_OVERHEAD_BYTES
from shared.wire.openai.files import Upload, UploadComplete, UploadCreate, UploadPart

router = APIRouter(prefix="/v1/uploads", include_in_schema=False)


@router.post("")
def create_upload(body: UploadCreate, services: AppServices, user: CurrentUser) -> Upload:
    return services.openai.uploads.create(user, body)


@router.post("/{upload_id}/parts", max_body_size=MAX_PIECE_BYTES + FORM_OVERHEAD_BYTES, form_limits={"max_files": 2, "max_fields": 8})
def add_upload_part(upload_id: str, data: UploadFile, services: AppServices, user: CurrentUser) -> UploadPart:
    return services.openai.uploads.add_part(user, upload_id, data.file)


@router.post("/{upload_id}/complete")
def complete_openai_upload(upload_id: str, body: UploadComplete, services: AppServices, user: CurrentUser) -> Upload:
    return services.openai.uploads.complete(user, upload_id, body.part_ids, md5=body.md5)


@router.post("/{upload_id}/cancel")
def cancel_upload(upload_id: str, services: AppServices, user: CurrentUser) -> Upload:
    return services.openai.uploads.cancel(user, upload_id)
