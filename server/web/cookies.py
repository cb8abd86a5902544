"""The cookies of a sign-in: the refresh token, which scripts cannot read; its companion against forged requests, which our page must read;
the form token, by which plain forms of the guided workflow are let in; and the mark of a browser that has signed in before."""

import hmac
import secrets
from typing import Annotated, Final

from fastapi import Cookie, Header, Response

from server.domain.accounts.service import SignedIn
from server.domain.accounts.tokens import DEVICE_TTL_S
from server.errors import Forbidden
from server.settings import Settings
from shared.wire import Session

REFRESH_COOKIE: Final = "llm_tuner_refresh"
CSRF_COOKIE: Final = "llm_tuner_csrf"
DEVICE_COOKIE: Final = "llm_tuner_device"
FORM_COOKIE: Final = "llm_tuner_form"
_PATH: Final = "/api/auth"
FORMS_PATH: Final = "/llm-training/api"

RefreshCookie = Annotated[str | None, Cookie(alias=REFRESH_COOKIE, include_in_schema=False)]
CsrfCookie = Annotated[str | None, Cookie(alias=CSRF_COOKIE, include_in_schema=False)]
CsrfHeader = Annotated[str | None, Header(description="The value of the cookie `llm_tuner_csrf`.")]
DeviceCookie = Annotated[str | None, Cookie(alias=DEVICE_COOKIE, include_in_schema=False)]
FormCookie = Annotated[str | None, Cookie(alias=FORM_COOKIE, include_in_schema=False)]


def check_csrf(cookie: str | None, header: str | None) -> None:
    if not _same(cookie, header):
        message = f"The header X-CSRF-Token must repeat the cookie {CSRF_COOKIE}. Reload the page and try again."
        raise Forbidden(message, code="accounts.csrf", param="x-csrf-token")


def check_form_csrf(cookie: str | None, token: str | None) -> None:
    """The same of a form, which carries the token in a field of its own."""
    if not _same(cookie, token):
        message = f"The field csrf_token must repeat the cookie {CSRF_COOKIE}. Reload the page and try again."
        raise Forbidden(message, code="accounts.csrf", param="csrf_token")


def _same(cookie: str | None, sent: str | None) -> bool:
    return bool(cookie and sent) and hmac.compare_digest(str(cookie).encode(), str(sent).encode())


def with_cookies(signed_in: SignedIn, response: Response, settings: Settings, *, csrf: str | None = None) -> Session:
    lifetime = settings.session_ttl_s
    response.set_cookie(
        REFRESH_COOKIE,
        signed_in.refresh_token,
        max_age=lifetime,
        path=_PATH,
        secure=settings.https,
        httponly=True,
        samesite="strict",
    )
    response.set_cookie(
        CSRF_COOKIE, csrf or secrets.token_urlsafe(24), max_age=lifetime, path="/", secure=settings.https, samesite="strict"
    )
    response.set_cookie(
        FORM_COOKIE,
        signed_in.form_token,
        max_age=lifetime,
        path=FORMS_PATH,
        secure=settings.https,
        httponly=True,
        samesite="strict",
    )
    return signed_in.session


def remember_device(token: str, response: Response, settings: Settings) -> None:
    """Stays when somebody signs out: it lets nobody in, and keeps strangers from using up this browser's tries."""
    response.set_cookie(DEVICE_COOKIE, token, max_age=DEVICE_TTL_S, path=_PATH, secure=settings.https, httponly=True, samesite="strict")


def forget_cookies(response: Response, settings: Settings) -> None:
    response.delete_cookie(REFRESH_COOKIE, path=_PATH, secure=settings.https, httponly=True, samesite="strict")
    response.delete_cookie(FORM_COOKIE, path=FORMS_PATH, secure=settings.https, httponly=True, samesite="strict")
    response.delete_cookie(CSRF_COOKIE, path="/", secure=settings.https, samesite="strict")
