"""Signing in with Google, or whichever OpenID provider the settings name: there, back, and the last step.

A popup hands a code to the page that opened it; without a popup the code stands behind the # of the sign-in page's address, which no
server sees. The code is good once, and only beside the cookie that this browser got at the start.
"""

from html import escape
from typing import Annotated, Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Cookie, Query, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse

from server.domain.accounts.foreign import ForeignSignIn, Last
from server.domain.accounts.one_time import digest_of
from server.domain.accounts.sealed import FLOW_TTL_S, Flow
from server.errors import Forbidden, LlmTunerError, NotFound, NotSignedIn
from server.settings import Settings
from server.web.cookies import DeviceCookie
from server.web.deps import AppServices, CurrentVisit, InPerson
from server.web.login_limit import Try
from server.web.middleware import PAGE_POLICY
from server.web.routes.auth import limit_of, welcome
from shared.wire import ForeignFinish, ForeignLink, Session

FLOW_COOKIE: Final = "llm_tuner_google"
_PATH: Final = "/api/auth/google"
_SIGN_IN_PAGE: Final = "/sign-in"
# The words are the script's and the sign-in page's; what stands here is for the moment between, or a browser without scripts.
_HAND_OVER: Final = """<!doctype html>
<html lang="en" {data}>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Signing in - LLM Tuner</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<script src="/google-hand-over.js" defer></script>
<p>Going back to LLM Tuner. You can close this window.</p>
</html>
"""
_log = structlog.get_logger()

router = APIRouter(prefix=_PATH, tags=["accounts"])
FlowCookie = Annotated[str | None, Cookie(alias=FLOW_COOKIE, include_in_schema=False)]
Answer = Annotated[str | None, Query(max_length=2048)]


@router.get("/start", response_class=RedirectResponse, status_code=status.HTTP_302_FOUND)
def start_google_sign_in(
    services: AppServices,
    request: Request,
    handover: Annotated[
        str, Query(pattern="^[A-Za-z0-9_-]{16,64}$", description="The page's own random mark; it comes back with the answer.")
    ],
    popup: Annotated[bool, Query(description="Whether this is a popup, whose opener waits for a message.")] = False,
) -> Response:
    """Sends the browser to the provider. For a browser's address bar or popup, not for scripts."""
    sign_in = _sign_in(services)
    try:
        url, cookie = sign_in.begin(handover=handover, popup=popup, redirect_url=_redirect_url(request, services.settings))
    except LlmTunerError as error:
        return _handed_over(handover, popup=popup, problem=error.code)
    response = RedirectResponse(url, status.HTTP_302_FOUND)
    # Lax, because the browser has to bring it along when it comes back from the provider's site.
    response.set_cookie(FLOW_COOKIE, cookie, max_age=FLOW_TTL_S, path=_PATH, secure=services.settings.https, httponly=True, samesite="lax")
    return response


@router.get("/callback", response_class=HTMLResponse)
def google_callback(
    services: AppServices,
    request: Request,
    state: Answer = None,
    code: Answer = None,
    error: Answer = None,
    flow_cookie: FlowCookie = None,
) -> Response:
    """Where the provider sends the browser back to. Answers with a page that hands a code over, or goes to the sign-in page with it."""
    sign_in = _sign_in(services)
    try:
        flow = sign_in.flow(flow_cookie)
    except NotSignedIn as lost:
        return _handed_over(None, popup=False, problem=lost.code)
    try:
        ticket = _arrived(sign_in, flow, state, code, error, redirect_url=_redirect_url(request, services.settings))
    except LlmTunerError as problem:
        _log.warning("google_sign_in_failed", code=problem.code, reason=type(problem.__cause__).__name__)
        return _handed_over(flow.handover, popup=flow.popup, problem=problem.code)
    return _handed_over(flow.handover, popup=flow.popup, code=ticket)


@router.post("/finish")
def finish_google_sign_in(
    finish: ForeignFinish,
    services: AppServices,
    visit: CurrentVisit,
    request: Request,
    response: Response,
    flow_cookie: FlowCookie = None,
    device_cookie: DeviceCookie = None,
) -> Session:
    """Signs in with the code of the hand-over: as login does."""
    sign_in = _sign_in(services)
    flow = sign_in.flow(flow_cookie)
    last = Last(finish.password, finish.take_over, finish.invitation)
    if finish.password is None:
        signed_in = sign_in.finish(flow, finish.code, last, visit)
    else:
        account = digest_of(sign_in.address_of(flow, finish.code))
        with limit_of(request).trying(Try(account, visit.network)):
            signed_in = sign_in.finish(flow, finish.code, last, visit)
    response.delete_cookie(FLOW_COOKIE, path=_PATH, secure=services.settings.https, httponly=True, samesite="lax")
    return welcome(signed_in, services, response, device_cookie)


@router.post("/link", status_code=status.HTTP_204_NO_CONTENT)
def link_google(
    asked: ForeignLink,
    services: AppServices,
    caller: InPerson,
    visit: CurrentVisit,
    request: Request,
    response: Response,
    flow_cookie: FlowCookie = None,
) -> None:
    """Connects the account that is signed in, with the code of the hand-over."""
    sign_in = _sign_in(services)
    flow = sign_in.flow(flow_cookie)
    with limit_of(request).trying(Try("current password", visit.network, caller.via), wrong=(Forbidden,)):
        sign_in.link(flow, asked.code, caller, asked.password, visit)
    response.delete_cookie(FLOW_COOKIE, path=_PATH, secure=services.settings.https, httponly=True, samesite="lax")


def _sign_in(services: AppServices) -> ForeignSignIn:
    if services.foreign_sign_in is None:
        missing = " and ".join(services.settings.missing_for_google())
        raise NotFound(
            f"Signing in with Google is not set up here. The operator of this installation sets {missing}.",
            code="accounts.google_not_configured",
        )
    found: ForeignSignIn = services.foreign_sign_in
    return found


def _arrived(sign_in: ForeignSignIn, flow: Flow, state: str | None, code: str | None, error: str | None, *, redirect_url: str) -> str:
    """The ticket. `error` counts only beside the right state, like every other answer."""
    if error is not None and state == flow.state:
        code_ = "accounts.google_denied" if error == "access_denied" else "accounts.google_refused"
        raise NotSignedIn("The provider did not sign you in.", code=code_)
    if not state or not code:
        raise NotSignedIn("The provider's answer is not complete. Start again.", code="accounts.google_lost")
    return sign_in.arrive(flow, state=state, code=code, redirect_url=redirect_url).ticket


def _handed_over(handover: str | None, *, popup: bool, code: str | None = None, problem: str | None = None) -> Response:
    told = {name: value for name, value in {"handover": handover, "code": code, "problem": problem}.items() if value is not None}
    if not popup:
        return RedirectResponse(f"{_SIGN_IN_PAGE}#{urlencode({'google': '', **told})}", status.HTTP_303_SEE_OTHER)
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in told.items())
    # A page under an API's address. And the provider's page has cut no ties; a stricter policy here would, and the opener would wait.
    headers = {"content-security-policy": PAGE_POLICY, "cross-origin-opener-policy": "unsafe-none"}
    return HTMLResponse(_HAND_OVER.format(data=data), headers=headers)


def _redirect_url(request: Request, settings: Settings) -> str:
    """The same at both ends, or the provider refuses. The host was checked against the allowed ones before we got here."""
    base = settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}{_PATH}/callback"
