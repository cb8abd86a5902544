"""Files, and files that come in parts."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.wire.openai.base import Asked, Id, Sparse, Told

Purpose = Literal["assistants", "assistants_output", "batch", "batch_output", "fine-tune", "fine-tune-results", "vision", "user_data"]
Filename = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class ExpiresAfter(Asked):
    """Between an hour and 30 days."""

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=3600, le=2_592_000)]


class FileObject(Sparse):
    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    filename: str
    purpose: Purpose
    status: Literal["uploaded", "processed", "error"]
    expires_at: int | None = None
    status_details: str | None = None


class FileDeleted(Told):
    id: str
    object: Literal["file"] = "file"
    deleted: Literal[True] = True


class UploadCreate(Asked):
    bytes: Annotated[int, Field(ge=1)]
    filename: Filename
    mime_type: str
    purpose: str
    expires_after: ExpiresAfter | None = None


class UploadComplete(Asked):
    """`md5` is that of all bytes together, in hexadecimal digits."""

    part_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    md5: str | None = None


class Upload(Sparse):
    id: str
    object: Literal["upload"]
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: Literal["pending", "completed", "cancelled", "expired"]
    file: FileObject | None = None


class UploadPart(Told):
    id: str
    object: Literal["upload.part"] = "upload.part"
    created_at: int
    upload_id: str
