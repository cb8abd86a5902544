"""The API's own description (OpenAPI), with what the framework cannot know: refusals have one shape, answers hold every field."""

import inspect
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared import wire

_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Replaces `app.openapi`; the document is made at the first request for it and kept."""
    made_by_framework = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(made_by_framework())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # the framework's documented way


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    schemas.update(_wire_schemas())
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        operation["responses"]["default"] = {"description": "Every refusal, in one shape; `code` says which."}
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5", "default")):
                response["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    for unused in _FRAMEWORKS_OWN:
        schemas.pop(unused, None)
    return document


def _wire_schemas() -> dict[str, Any]:
    """Every wire model as a schema, named as FastAPI names them. FastAPI's own drop the default `null`, and the errors are on no route."""
    bases = {wire.Request, wire.Answer, wire.ListOf}
    models = [
        model
        for model in vars(wire).values()
        if inspect.isclass(model)
        and issubclass(model, (wire.Request, wire.Answer))
        and model not in bases
        and model.__module__.startswith(wire.__name__)
    ]
    as_sent: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "validation" if issubclass(model, wire.Request) else "serialization") for model in models
    ]
    _, schemas = models_json_schema(as_sent, ref_template="#/components/schemas/{model}")
    return dict(schemas["$defs"])
