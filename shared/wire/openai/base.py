"""What all of them are made of. A field that the specification requires has no default, so that none can be forgotten."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_serializer

T = TypeVar("T")
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=64)], Annotated[str, StringConstraints(max_length=512)]], Field(max_length=16)
]


class Asked(BaseModel):
    """A request, or a part of one."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Sparse(Told):
    """An answer whose fields with a default are left out while they have it: the specification does not let them be null."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: Any) -> dict[str, Any]:
        fields = type(self).model_fields
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if fields[name].is_required() or value != fields[name].default}


class PageOf(Told, Generic[T]):
    """Some of a listing. The next page is asked for with `after=<id of the last item>`."""

    object: Literal["list"] = "list"
    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool
