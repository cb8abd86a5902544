"""Uploaded files: how they are described, read, announced in parts, and previewed."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.constants import DocumentFormat, DocumentStatus, DocumentType, Shape
from shared.wire.base import Answer, Name, Note, Request


class Problem(Answer):
    """Something a reader noticed in a file: where (a line, a page, a file inside a ZIP), and what to do about it."""

    line: int | None = None
    page: int | None = None
    member: str | None = None
    message: str
    fix: str = ""


class Column(Answer):
    """A column of tabular data, or a key of JSON objects, with what it first holds (cut to 200 characters)."""

    name: str
    example: str


class Mapping(Request):
    """Which column plays which part. Roles by shape: `text`: text; `prompt_completion`: prompt, completion, perhaps input;
    `messages`: messages; `preference`: preferred, rejected, perhaps prompt and input."""

    shape: Shape
    columns: Annotated[dict[str, Annotated[str, StringConstraints(min_length=1, max_length=500)]], Field(min_length=1, max_length=4)]


class Document(Answer):
    id: str
    object: Literal["document"] = "document"
    type: DocumentType
    name: str
    description: str
    filename: str
    format: DocumentFormat
    format_basis: str
    charset: str
    charset_basis: str
    format_overridden: bool = False
    """The format is what somebody said, and not what was found; so for the charset. Documents from before have none of these."""
    charset_overridden: bool = False
    status: DocumentStatus
    columns: list[Column]
    mapping: Mapping | None
    leave_out_bad: bool
    shapes: dict[Shape, int]
    num_examples: int
    num_characters: int
    size_bytes: int
    sha256: str
    warnings: list[Problem]
    num_problems: int
    has_text: bool
    duplicate_of: str | None
    expires_at: datetime | None = None
    """When it is deleted by itself, unless a live job still needs it then. Null: never."""
    created_at: datetime


class ReadingOptions(Request):
    """How a file is to be read, where what was detected is not meant. `leave_out_bad` keeps the good rows of a file with bad ones."""

    format: DocumentFormat | None = None
    charset: Annotated[str, StringConstraints(max_length=40)] | None = None
    mapping: Mapping | None = None
    leave_out_bad: bool = False


class DocumentPatch(Request):
    """`reading` has the file read again, as a whole, in another way."""

    name: Name | None = None
    description: Note | None = None
    reading: ReadingOptions | None = None


class UploadRequest(Request):
    """Announces a file that will come in parts, so that a lost connection or a reload loses nothing."""

    filename: Annotated[str, StringConstraints(max_length=1000)]
    size_bytes: Annotated[int, Field(ge=1)]
    type: DocumentType = "dataset"
    name: Name | None = None
    description: Note = ""


class Upload(Answer):
    """A file on its way. Parts are numbered from 1; each but the last has `part_size_bytes`. `received` are those that are safe here."""

    id: str
    object: Literal["upload"] = "upload"
    filename: str
    size_bytes: int
    part_size_bytes: int
    received: list[int]
    created_at: datetime
    expires_at: datetime


class Usage(Answer):
    object: Literal["usage"] = "usage"
    storage_bytes: int
    quota_bytes: int
