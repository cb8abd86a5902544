"""Registration, signing in and staying signed in. The refresh token travels in a cookie that scripts cannot read.

Refresh and logout act on that cookie, so they also ask for proof that our own page sends them: the value of a second cookie, in a header.
"""

import hmac
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Header, Request, Response, status
from fastapi.responses import JSONResponse

from server.domain.accounts.service import SignedIn
from server.errors import Forbidden, NotSignedIn
from server.settings import Settings
from server.web.deps import AppServices, CurrentUser
from server.web.errors import response_to
from server.web.login_limit import LoginLimit
from shared.wire import Credentials, Session, User

REFRESH_COOKIE: Final = "llm_tuner_refresh"
CSRF_COOKIE: Final = "llm_tuner_csrf"
_REFRESH_PATH: Final = "/api/auth"

router = APIRouter(prefix="/api/auth", tags=["accounts"])
RefreshCookie = Annotated[str | None, Cookie(alias=REFRESH_COOKIE, include_in_schema=False)]
CsrfCookie = Annotated[str | None, Cookie(alias=CSRF_COOKIE, include_in_schema=False)]
CsrfHeader = Annotated[str | None, Header(description="The value of the cookie `llm_tuner_csrf`.")]


@router.post("/register", status_code=status.HTTP_201_CREATED)
def register(credentials: Credentials, services: AppServices, response: Response) -> Session:
    """Makes an account and signs in."""
    signed_in = services.accounts.register(credentials.email, credentials.password)
    return with_cookies(signed_in, response, services.settings)


@router.post("/login")
def login(credentials: Credentials, services: AppServices, request: Request, response: Response) -> Session:
    limit: LoginLimit = request.app.state.login_limit
    who = (credentials.email.strip().casefold(), request.client.host if request.client else "")
    limit.check(who)
    try:
        signed_in = services.accounts.login(credentials.email, credentials.password)
    except NotSignedIn:
        limit.failed(who)
        raise
    return with_cookies(signed_in, response, services.settings)


@router.post("/refresh", response_model=Session)
def refresh(
    services: AppServices,
    response: Response,
    refresh_token: RefreshCookie = None,
    csrf_cookie: CsrfCookie = None,
    x_csrf_token: CsrfHeader = None,
) -> Session | JSONResponse:
    """A new access token. The refresh token is used up by it and replaced."""
    if not refresh_token:
        raise NotSignedIn("You are not signed in. Sign in first.", code="accounts.not_signed_in")
    _check_csrf(csrf_cookie, x_csrf_token)
    try:
        signed_in = services.accounts.refresh(refresh_token)
    except NotSignedIn as error:
        # The cookies hold nothing any more; without them the page knows so, and does not ask again at every visit.
        refused = response_to(error)
        _forget_cookies(refused, services.settings)
        return refused
    return with_cookies(signed_in, response, services.settings, csrf=csrf_cookie)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
def logout(
    services: AppServices,
    response: Response,
    refresh_token: RefreshCookie = None,
    csrf_cookie: CsrfCookie = None,
    x_csrf_token: CsrfHeader = None,
) -> None:
    """Ends this browser's session; its access tokens stop working at once."""
    if refresh_token:
        _check_csrf(csrf_cookie, x_csrf_token)
        services.accounts.logout(refresh_token)
    _forget_cookies(response, services.settings)


@router.get("/me")
def me(services: AppServices, user: CurrentUser) -> User:
    return services.accounts.user(user)


def _check_csrf(cookie: str | None, header: str | None) -> None:
    if not cookie or not header or not hmac.compare_digest(cookie.encode(), header.encode()):
        message = f"The header X-CSRF-Token must repeat the cookie {CSRF_COOKIE}. Reload the page and try again."
        raise Forbidden(message, code="accounts.csrf", param="x-csrf-token")


def with_cookies(signed_in: SignedIn, response: Response, settings: Settings, *, csrf: str | None = None) -> Session:
    lifetime = settings.session_ttl_s
    response.set_cookie(
        REFRESH_COOKIE,
        signed_in.refresh_token,
        max_age=lifetime,
        path=_REFRESH_PATH,
        secure=settings.cookie_secure,
        httponly=True,
        samesite="strict",
    )
    response.set_cookie(
        CSRF_COOKIE, csrf or secrets.token_urlsafe(24), max_age=lifetime, path="/", secure=settings.cookie_secure, samesite="strict"
    )
    return signed_in.session


def _forget_cookies(response: Response, settings: Settings) -> None:
    response.delete_cookie(REFRESH_COOKIE, path=_REFRESH_PATH, secure=settings.cookie_secure, httponly=True, samesite="strict")
    response.delete_cookie(CSRF_COOKIE, path="/", secure=settings.cookie_secure, samesite="strict")
