"""Models as a list of names."""

from typing import Literal

from shared.wire.openai.base import Told


class Model(Told):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(Told):
    object: Literal["list"] = "list"
    data: list[Model]


class ModelDeleted(Told):
    id: str
    object: Literal["model"] = "model"
    deleted: Literal[True] = True
