"""Signed tokens (JWT, RFC 7519). The only module that knows the JOSE library; the algorithm and the header are fixed.

An access token says who calls and in which session. A download token opens one thing for a minute, from an address bar. A device token
says on whose accounts somebody has signed in from this browser before; it lets nobody in. A form token says who calls, as an access token
does, in a cookie that only the guided workflow's forms are sent; it ends with its session.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from jose import jwt
from jose.exceptions import JOSEError

from server.errors import NotSignedIn
from server.ports.clock import Clock

DOWNLOAD_TTL_S: Final = 60
DEVICE_TTL_S: Final = 180 * 86_400
_MAX_ACCOUNTS_PER_DEVICE: Final = 4
_ALGORITHM: Final = "HS256"
# Exactly what `jwt.encode` writes. Anything more (kid, jku, jwk, crit) asks us to trust what the token says about itself.
_HEADER: Final = {"alg": _ALGORITHM, "typ": "JWT"}
_ISSUER: Final = "llm-tuner"
_AUDIENCE: Final = "llm-tuner"
_MAX_CHARACTERS: Final = 2048
# Only for tokens from the future: our clock was set back, or another server's runs ahead. Nothing lives longer for it.
_LEEWAY_S: Final = 10
Kind = Literal["access", "download", "device", "form"]
_OPTIONS: Final = {
    **{f"require_{claim}": True for claim in ("iss", "aud", "iat", "jti", "sub")},
    "verify_exp": False,  # The library would ask the machine's clock; `_claims` demands it and asks the port's.
    "verify_at_hash": False,
}


@dataclass(frozen=True)
class Access:
    user_id: str
    session_id: str


@dataclass(frozen=True)
class Download:
    """`resource` is the id of the one thing that may be fetched; `via` the session or key that asked, while which holds the token holds."""

    user_id: str
    resource: str
    via: str


@dataclass(frozen=True)
class Device:
    """`accounts` are the addresses' digests."""

    id: str
    accounts: tuple[str, ...]

    def with_account(self, digest: str) -> "Device":
        return Device(self.id, (digest, *(one for one in self.accounts if one != digest))[:_MAX_ACCOUNTS_PER_DEVICE])


class Tokens:
    def __init__(self, secret: str, clock: Clock, *, access_ttl_s: int) -> None:
        self._secret = secret
        self._clock = clock
        self._access_ttl_s = access_ttl_s

    def access(self, access: Access) -> tuple[str, int]:
        """The token and its lifetime in seconds."""
        return self._signed("access", self._access_ttl_s, sub=access.user_id, sid=access.session_id), self._access_ttl_s

    def form(self, access: Access, *, ttl_s: int) -> str:
        return self._signed("form", ttl_s, sub=access.user_id, sid=access.session_id)

    def download(self, download: Download) -> tuple[str, int]:
        """The token and its lifetime in seconds."""
        return self._signed("download", DOWNLOAD_TTL_S, sub=download.user_id, res=download.resource, via=download.via), DOWNLOAD_TTL_S

    def device(self, device: Device) -> str:
        return self._signed("device", DEVICE_TTL_S, sub=device.id, acc=" ".join(device.accounts))

    def read_access(self, token: str) -> Access:
        """Raises `NotSignedIn`."""
        return self.read_access_until(token)[0]

    def read_access_until(self, token: str, *, kind: Literal["access", "form"] = "access") -> tuple[Access, datetime]:
        """The same, and when the token ends. Raises `NotSignedIn`."""
        claims = self._claims(token, kind)
        return Access(_text(claims, "sub"), _text(claims, "sid")), datetime.fromtimestamp(_number(claims, "exp"), UTC)

    def read_download(self, token: str) -> Download:
        """Raises `NotSignedIn`."""
        claims = self._claims(token, "download")
        return Download(_text(claims, "sub"), _text(claims, "res"), _text(claims, "via"))

    def read_device(self, token: str) -> Device | None:
        """None for anything that does not hold: a device that is not known is merely a stranger's."""
        try:
            claims = self._claims(token, "device")
            return Device(_text(claims, "sub"), tuple(_text(claims, "acc").split()))
        except NotSignedIn:
            return None

    def _signed(self, kind: Kind, ttl_s: int, **claims: str) -> str:
        now = self._clock.now().timestamp()
        standard = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "iat": math.floor(now),
            "exp": math.ceil(now + ttl_s),
            "jti": self._clock.new_id("jti"),
            "typ": kind,
        }
        token: str = jwt.encode(standard | claims, self._secret, algorithm=_ALGORITHM)
        return token

    def _claims(self, token: str, kind: Kind) -> dict[str, Any]:
        if len(token) > _MAX_CHARACTERS:
            raise _refused()
        try:
            if jwt.get_unverified_header(token) != _HEADER:
                raise _refused()
            claims: dict[str, Any] = jwt.decode(
                token, self._secret, algorithms=[_ALGORITHM], issuer=_ISSUER, audience=_AUDIENCE, options=_OPTIONS
            )
        except (JOSEError, ValueError, RecursionError):
            raise _refused() from None
        now = self._clock.now().timestamp()
        if claims.get("typ") != kind or _number(claims, "iat") > now + _LEEWAY_S:
            raise _refused()
        if _number(claims, "exp") <= now:
            raise NotSignedIn("Your sign-in has run out. Sign in again.", code="accounts.token_expired")
        return claims


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _refused()
    return value


def _number(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int):
        raise _refused()
    return value


def _refused() -> NotSignedIn:
    return NotSignedIn("You are not signed in. Sign in again.", code="accounts.bad_token")
