"""Who calls the guided workflow's API (`/llm-training/api`): a bearer as everywhere, or a plain form of a browser that is signed in.

A browser sends its cookie to whatever page makes it send a form, so what changes something must also repeat the CSRF cookie: in the field
`csrf_token` of the form (or of the JSON), or in the header of the other routes. A page elsewhere cannot read that cookie.
"""

import json
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from server.web.cookies import CsrfCookie, CsrfHeader, FormCookie, check_form_csrf
from server.web.deps import AppServices, Credentials, CurrentVisit, current_caller

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN: Final = "csrf_token"  # noqa: S105 - the name of a field
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
T = TypeVar("T", bound=BaseModel)


async def guided_user(
    request: Request,
    services: AppServices,
    credentials: Credentials,
    visit: CurrentVisit,
    form_cookie: FormCookie = None,
    csrf_cookie: CsrfCookie = None,
    x_csrf_token: CsrfHeader = None,
) -> str:
    """The user's id. Raises `NotSignedIn`, and `Forbidden` for a form without the token."""
    if credentials is not None or not form_cookie:
        caller = await run_in_threadpool(current_caller, request, services, credentials, visit)
        return caller.user_id
    caller = await run_in_threadpool(services.accounts.identify_form, form_cookie)
    if request.method not in _READING:
        sent = x_csrf_token or (await fields_of(request)).get(_TOKEN)
        check_form_csrf(csrf_cookie, sent if isinstance(sent, str) else None)
    request.state.user_id = caller.user_id  # For the log.
    return str(caller.user_id)


GuidedUser = Annotated[str, Depends(guided_user)]


async def fields_of(request: Request) -> dict[str, Any]:
    """The fields of a form, or of a JSON object; a field that is there several times is a list. Read once, however often it is asked."""
    if _is_form(request):
        return _fields(await request.form())
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


async def sent_as(request: Request, model: type[T], *, lists: frozenset[str]) -> T:
    """A request that comes as JSON or as a form. `lists` are the fields that may be there several times; an empty field of a form is none.

    Raises `RequestValidationError`, as the framework does for JSON.
    """
    body: Any = await fields_of(request)
    if _is_form(request):
        body = {name: [value] if name in lists and isinstance(value, str) else value for name, value in body.items() if value != ""}
    elif not isinstance(_as_json(await request.body()), dict):
        body = _as_json(await request.body())
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != _TOKEN}
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found, body=body) from None


def described(model: type[BaseModel]) -> dict[str, Any]:
    """For a route's description: a body of this kind, as JSON or as a form."""
    schema = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": schema, "application/x-www-form-urlencoded": schema}}}


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS


def _fields(form: FormData) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in form:
        values = form.getlist(name)
        if not any(isinstance(value, UploadFile) for value in values):
            found[name] = values[0] if len(values) == 1 else values
    return found


def _as_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # The second for what is nested ten thousand deep.
        place = getattr(error, "pos", 0)
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", place), "msg": "", "input": {}, "ctx": {}}]) from None
