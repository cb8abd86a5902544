"""What all wire models are made of: requests refuse unknown fields, answers hold every field, lists have one shape, errors another."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.constants import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS

T = TypeVar("T")
Auto = Literal["auto"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_CHARACTERS)]
Note = Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARACTERS)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListOf(Answer, Generic[T]):
    """One page of a collection, newest first. The next page is asked for with `after=<id of the last item>`."""

    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool = False


class Deleted(Answer):
    id: str
    object: Literal["deleted"] = "deleted"
    deleted: Literal[True] = True


class ErrorDetail(Answer):
    """One place of what is wrong: a field by its dotted `param`, or a line or page of a file (`member`: of a file inside a ZIP).

    `fix` says what to do about it, where there is more to say than in `message`.
    """

    message: str
    param: str | None = None
    line: int | None = None
    page: int | None = None
    member: str | None = None
    fix: str = ""


class ErrorInfo(Answer):
    message: str
    type: str
    param: str | None = None
    code: str | None = None
    details: list[ErrorDetail] = []


class ErrorBody(Answer):
    """The one shape of every error, on every route."""

    error: ErrorInfo
