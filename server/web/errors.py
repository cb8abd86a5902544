"""Errors as HTTP: one table from class to status, one shape for all. Messages pass as they are; they were written for people."""

import errno
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from server import errors
from server.errors import LlmTunerError, StorageFull
from server.web.addresses import is_openai
from server.web.validation import problems
from shared.wire import ErrorBody, ErrorDetail, ErrorInfo

STATUS: Final[dict[type[LlmTunerError], tuple[int, str]]] = {
    errors.InvalidInput: (422, "invalid_request_error"),
    errors.TooLarge: (413, "invalid_request_error"),
    errors.RefusedFile: (422, "invalid_request_error"),
    errors.NotSignedIn: (401, "authentication_error"),
    errors.Forbidden: (403, "permission_error"),
    errors.NotFound: (404, "not_found_error"),
    errors.Conflict: (409, "conflict_error"),
    errors.RateLimited: (429, "rate_limit_error"),
    errors.StorageFull: (507, "storage_error"),
    errors.Unavailable: (503, "unavailable_error"),
    errors.StaleWrite: (409, "conflict_error"),
}

STATUS_THERE: Final = STATUS | {
    errors.InvalidInput: (400, "invalid_request_error"),
    errors.RefusedFile: (400, "invalid_request_error"),
    errors.NotFound: (404, "invalid_request_error"),
    errors.Conflict: (400, "invalid_request_error"),
}
"""The same for `/v1`: what OpenAI's clients expect of each, and raise as the class of that name. They repeat a 409 by themselves, so
only what repeating may help has it."""
_NO_USE_TO_REPEAT: Final = frozenset({507})

_MAX_DETAILS: Final = 50
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def error_response(
    status: int,
    error_type: str,
    message: str,
    *,
    code: str,
    param: str | None = None,
    details: Sequence[ErrorDetail] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    info = ErrorInfo(message=message, type=error_type, param=param, code=code, details=list(details[:_MAX_DETAILS]))
    return JSONResponse(ErrorBody(error=info).model_dump(), status_code=status, headers=headers)


def response_to(error: LlmTunerError, *, there: bool = False) -> JSONResponse:
    """`there`: on `/v1`."""
    table = STATUS_THERE if there else STATUS
    status, error_type = next(table[cls] for cls in type(error).__mro__ if cls in table)
    headers = {}
    if there and status in _NO_USE_TO_REPEAT:
        headers["x-should-retry"] = "false"
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    return error_response(
        status,
        error_type,
        error.message,
        code=error.code,
        param=error.param,
        details=[ErrorDetail(**asdict(detail)) for detail in error.details],
        headers=headers,
    )


def too_large() -> JSONResponse:
    return error_response(413, "invalid_request_error", "The request is larger than this address takes.", code="request.too_large")


def unexpected(request_id: str) -> JSONResponse:
    message = f"Something went wrong on our side. Try again; if it stays, tell the operator this number: {request_id}"
    return error_response(500, "server_error", message, code="server.unexpected")


def storage_full(error: BaseException | None) -> StorageFull | None:
    """The product's own error for an operating system's "no space left on device"; None for every other."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return StorageFull("The disk of this installation is full. Delete what is not needed, or make room on it.", code="storage.full")
    return None


def install(app: FastAPI) -> None:
    app.add_exception_handler(LlmTunerError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LlmTunerError)  # noqa: S101 - what this handler is registered for
    return response_to(error, there=is_openai(request.url.path))


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what this handler is registered for
    if isinstance(error.body, bytes) and any(one["loc"][0] == "body" for one in error.errors()):
        return _wrong_content_type()
    status = 400 if is_openai(request.url.path) else 422
    found = problems(error)
    more = f" ({len(found) - 1} more below.)" if len(found) > 1 else ""
    return error_response(
        status, "invalid_request_error", found[0].message + more, code="request.invalid", param=found[0].param, details=found
    )


def _wrong_content_type() -> JSONResponse:
    """The framework hands over bytes where the sender did not say that they are JSON. A page elsewhere could send such without asking."""
    message = "The body of this request must be JSON, with the header Content-Type: application/json."
    return error_response(415, "invalid_request_error", message, code="request.wrong_content_type", param="content-type")


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what this handler is registered for
    # The framework turns whatever goes wrong while it takes in a body into a 400; what the matter was is in its cause.
    full = storage_full(error.__cause__)
    if full is not None:
        return response_to(full)
    if error.status_code == 413 or isinstance(error.__cause__, errors.TooLarge):
        return too_large()
    message, error_type, code = _FRAMEWORK.get(error.status_code, _UNREADABLE)
    return error_response(error.status_code, error_type, message, code=code, headers=dict(error.headers or {}))


_UNREADABLE: Final = (
    "The body of the request cannot be read. Check that it is complete and is what its content type says.",
    "invalid_request_error",
    "request.unreadable",
)
_FRAMEWORK: Final = {
    404: ("There is nothing at this address.", "not_found_error", "request.not_found"),
    405: ("This address does not take this method; the Allow header says which it takes.", "invalid_request_error", "request.wrong_method"),
}
