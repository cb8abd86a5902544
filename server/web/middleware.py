"""What happens to every request, in pure ASGI: an id, a line in the log, safe headers, and refusals that cannot wait for a route."""

import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import LlmTunerError, NotSignedIn
from server.ports.patience import PATIENCE, Patience
from server.web.addresses import is_api
from server.web.cookies import FORM_COOKIE, FORMS_PATH
from server.web.deps import check_scope
from server.web.errors import response_to, storage_full, too_large, unexpected
from server.web.meter import RequestMeter

if TYPE_CHECKING:
    from server.domain.accounts.service import Accounts

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
# More than any form of the page sends, less than what it costs to be sent it for nothing.
_FREE_BODY_BYTES: Final = 64 * 1024
_QUIET: Final = frozenset({"/livez", "/readyz"})

# What the built page needs, and nothing more. No inline style and no inline script; no text becomes a script (Trusted Types).
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# An answer of the API that a browser is made to show as a page may do nothing at all.
API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin-allow-popups"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_SAFE_HEADERS_OF_PAGE: Final = (*_SAFE_HEADERS, (b"content-security-policy", PAGE_POLICY.encode()))
_SAFE_HEADERS_OF_API: Final = (*_SAFE_HEADERS, (b"content-security-policy", API_POLICY.encode()), (b"cache-control", b"no-store"))
_FOR_TWO_YEARS: Final = (b"strict-transport-security", b"max-age=63072000")
_log = structlog.get_logger()


class Envelope:
    """The outermost layer: what every answer carries, and the border where an unexpected error becomes a 500 and a line in the log.

    Every answer is counted by `meter`, those of the polls among them.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False, meter: RequestMeter | None = None) -> None:
        self._app = app
        self._https = https
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        PATIENCE.set(Patience())
        request_id = _request_id(scope)
        status: int | None = None

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._meter is not None:
                    self._meter.count(scope["method"], _route(scope), message["status"], time.perf_counter() - started)
                headers = _completed(message.get("headers", ()), request_id, api=is_api(scope["path"]))
                message["headers"] = [*headers, _FOR_TWO_YEARS] if self._https or scope.get("scheme") == "https" else headers
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_enveloped)
            except Exception as error:
                full = storage_full(error)
                if full is None:
                    _log.exception("request_failed", method=scope["method"], route=_route(scope))
                if status is not None:
                    raise  # Half an answer is out; only closing the connection can say that it is not whole.
                response = unexpected(request_id) if full is None else response_to(full)
                await response(scope, receive, send_enveloped)
            finally:
                _log_request(scope, status, time.perf_counter() - started)


class BodiesOfStrangers:
    """A body that is long, or does not say how long it is, is read only from somebody signed in.

    The framework reads a body before it asks who sends it; without this, anybody could fill the disk with an upload.
    """

    def __init__(self, app: ASGIApp, accounts: "Accounts") -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _may_be_long(headers := Headers(scope=scope)):
            form = scope["path"].startswith(f"{FORMS_PATH}/") and "authorization" not in headers
            try:
                if form:
                    await run_in_threadpool(self._accounts.identify_form, cookie_parser(headers.get("cookie", "")).get(FORM_COOKIE, ""))
                else:
                    await run_in_threadpool(self._check, scope["method"], headers.get("authorization", ""))
            except LlmTunerError as error:
                await response_to(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, method: str, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn("Sign in first: only signed-in users may send this much.", code="accounts.not_signed_in")
        check_scope(self._accounts.identify(token.strip()), method)


class TooLargeInOneShape:
    """The framework's limit on bodies answers in plain text; everything else here answers in the one shape of errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_replaced(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                replaced = Headers(scope=message).get("content-type", "").startswith("text/plain")
                if replaced:
                    await too_large()(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_replaced if scope["type"] == "http" else send)


def _request_id(scope: Scope) -> str:
    """The caller's own, where it is one that can stand in a log line."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(given := str(value, "latin-1")):
            return given
    return secrets.token_hex(12)


def _completed(headers: Iterable[tuple[bytes, bytes]], request_id: str, *, api: bool) -> list[tuple[bytes, bytes]]:
    """With what every answer carries, where it does not carry it already. On raw headers: this is done for every poll of every page."""
    given = [(name, value) for name, value in headers if name != b"x-request-id"]
    names = {name for name, _ in given}
    safe = _SAFE_HEADERS_OF_API if api else _SAFE_HEADERS_OF_PAGE
    return [*given, (b"x-request-id", request_id.encode()), *(header for header in safe if header[0] not in names)]


def _may_be_long(headers: Headers) -> bool:
    if "transfer-encoding" in headers:
        return True
    length = headers.get("content-length", "0")
    return not length.isdigit() or int(length[:20]) > _FREE_BODY_BYTES


def _route(scope: Scope) -> str:
    """The route's template. Never the path itself: a path may hold a token, and its ids would be a metric's undoing."""
    template = getattr(scope.get("route"), "path", None) or scope.get("state", {}).get("route")
    return template or ("api" if is_api(scope["path"]) else "page")


def _log_request(scope: Scope, status: int | None, seconds: float) -> None:
    state = scope.get("state", {})
    # A poll that was answered at once says nothing that the one before it did not say.
    write = _log.debug if scope["path"] in _QUIET or state.get("quiet") else _log.info
    write(
        "request",
        method=scope["method"],
        route=_route(scope),
        status=status,
        ms=round(seconds * 1000, 1),
        user=state.get("user_id"),
        client=(scope.get("client") or (None,))[0],
    )
