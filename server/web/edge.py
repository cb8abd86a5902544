"""What a request must be before anything of it is believed: addressed to a name of ours, of a sane size, and from where a proxy may say.

Pure ASGI, like `middleware.py`, and inside its envelope: what is refused here carries the safe headers and stands in the log as well.
"""

import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from fastapi import status
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from server.settings import Settings
from server.web.errors import error_response

# Our longest are an access token and a page of filters; browsers and proxies send a few kilobytes.
_MAX_HEADERS: Final = 100
_MAX_HEADER_BYTES: Final = 16 * 1024
_MAX_TARGET_BYTES: Final = 8 * 1024
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound

Address = IPv4Address | IPv6Address


class Proxies:
    """Takes the client's address and scheme from proxies that the settings name, and from nobody else."""

    def __init__(self, app: ASGIApp, trusted: Iterable[str]) -> None:
        self._app = app
        self._trusted: list[IPv4Network | IPv6Network] = [ip_network(network, strict=False) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._trusted and self._is_trusted(_address((scope.get("client") or ("",))[0])):
            headers = Headers(scope=scope)
            client = self._client(headers.getlist("x-forwarded-for"))
            scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
            changes = ({"client": (str(client), 0)} if client else {}) | ({"scheme": scheme} if scheme in {"http", "https"} else {})
            scope = {**scope, **changes}
        await self._app(scope, receive, send)

    def _client(self, lines: list[str]) -> Address | None:
        """From the right, each proxy vouches for the one before it; the first that we do not trust is who called."""
        found = None
        for claim in reversed(",".join(lines).split(",")):
            address = _address(claim.strip())
            if address is None:
                break
            found = address
            if not self._is_trusted(address):
                break
        return found

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


class Hosts:
    """Refuses requests under names that are not ours: a page elsewhere whose name leads to this machine is not of this origin.

    Numbers are always ours: nobody can make a browser take a number for a name (DNS rebinding needs a name).
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(names)
        self._is_ours = lru_cache(maxsize=256)(self._belongs_here)  # A page asks thousands of times under one name.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = _host(scope) if scope["type"] == "http" else None
        if host is None or self._is_ours(host):
            await self._app(scope, receive, send)
        else:
            await _wrong_host()(scope, receive, send)

    def _belongs_here(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, _ = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return False
        if parts.netloc != host or "@" in host:
            return False
        return _address(name) is not None or name == "localhost" or name.endswith(".localhost") or name in self._names


class CrossOrigin(CORSMiddleware):
    """The framework's, but that what it refuses is told in the one shape of errors."""

    def preflight_response(self, request_headers: Headers) -> Response:
        made = super().preflight_response(request_headers)
        if made.status_code == status.HTTP_200_OK:
            return made
        refused = error_response(
            403,
            "permission_error",
            "Pages of that site may not make this request here. Its operator can add the site to LLM_TUNER_ALLOWED_ORIGINS; "
            "methods and headers are those that the API describes.",
            code="request.cross_origin",
            param="origin",
        )
        for name, value in made.headers.items():
            if name not in {"content-length", "content-type"}:
                refused.headers[name] = value
        return refused


class Sizes:
    """Headers and addresses no larger than anything of ours needs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _too_much(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)


def _host(scope: Scope) -> str | None:
    """The first one, as everybody behind us reads it. On raw headers: this is asked for every poll of every page."""
    return next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), None)


def names_of(settings: Settings) -> set[str]:
    """The names under which browsers reach this installation, as far as its settings tell."""
    public = urlsplit(settings.public_url or "").hostname
    names = {*settings.allowed_hosts, settings.host.lower(), *([public] if public else [])}
    if settings.host in _EVERYWHERE:
        own = socket.gethostname().lower()
        names |= {own, f"{own}.local"}
    return names


def _too_much(scope: Scope) -> JSONResponse | None:
    if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > _MAX_TARGET_BYTES:
        message = f"The address of this request is longer than {_MAX_TARGET_BYTES // 1024} kilobytes."
        return error_response(414, "invalid_request_error", message, code="request.address_too_long")
    headers = scope["headers"]
    if len(headers) > _MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > _MAX_HEADER_BYTES:
        message = (
            f"The headers of this request are more than {_MAX_HEADERS}, or larger than {_MAX_HEADER_BYTES // 1024} kilobytes together."
        )
        return error_response(431, "invalid_request_error", message, code="request.headers_too_large")
    return None


def _wrong_host() -> JSONResponse:
    return error_response(
        400,
        "invalid_request_error",
        "This installation does not answer to that name. Its operator can add the name to LLM_TUNER_ALLOWED_HOSTS.",
        code="request.wrong_host",
        param="host",
    )


def _address(text: str) -> Address | None:
    """An address with or without a port, or None. IPv4 within IPv6 is the IPv4 that it stands for."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
