"""Registration, signing in, staying signed in, and getting back in. The refresh token travels in a cookie that scripts cannot read.

Refresh and logout act on that cookie, so they also ask for proof that our own page sends them: the value of a second cookie, in a header.
"""

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import JSONResponse

from server.domain.accounts.emails import normalised
from server.domain.accounts.one_time import digest_of
from server.domain.accounts.service import SignedIn
from server.domain.accounts.tokens import Device
from server.errors import Conflict, NotSignedIn
from server.web.cookies import (
    CsrfCookie,
    CsrfHeader,
    DeviceCookie,
    RefreshCookie,
    check_csrf,
    forget_cookies,
    remember_device,
    with_cookies,
)
from server.web.deps import AppServices, CurrentUser, CurrentVisit, InPerson
from server.web.errors import response_to
from server.web.login_limit import LoginLimit, Try
from shared.wire import (
    Accepted,
    Credentials,
    EmailVerification,
    PasswordReset,
    PasswordResetRequest,
    Registration,
    Session,
    SetUp,
    SetUpToken,
    User,
)

router = APIRouter(tags=["accounts"])


@router.post("/api/auth/register", status_code=status.HTTP_201_CREATED)
def register(
    registration: Registration,
    services: AppServices,
    visit: CurrentVisit,
    request: Request,
    response: Response,
    device_cookie: DeviceCookie = None,
) -> Session:
    """Makes an account and signs in. Where only the invited may register, it takes the code of an invitation."""
    # That an address is taken cannot be hidden here; how often somebody may find it out can be limited.
    with limit_of(request).trying(Try("registration", visit.network), wrong=(Conflict,)):
        signed_in = services.accounts.register(registration.email, registration.password, invitation=registration.invitation, visit=visit)
    return welcome(signed_in, services, response, device_cookie)


@router.post("/api/setup", status_code=status.HTTP_201_CREATED)
def set_up(request: SetUp, services: AppServices, visit: CurrentVisit, response: Response, device_cookie: DeviceCookie = None) -> Session:
    """Makes the first administrator's account, with the token of the link that the server printed, and signs in."""
    signed_in = services.accounts.set_up(request.token, request.email, request.password, visit)
    return welcome(signed_in, services, response, device_cookie)


@router.post("/api/setup/administrator")
def become_administrator(request: SetUpToken, services: AppServices, caller: InPerson, visit: CurrentVisit) -> User:
    """Makes the account that is signed in the first administrator, with the token of the link that the server printed."""
    return services.accounts.become_administrator(caller.user_id, request.token, visit)


@router.post("/api/auth/login")
def login(
    credentials: Credentials,
    services: AppServices,
    visit: CurrentVisit,
    request: Request,
    response: Response,
    device_cookie: DeviceCookie = None,
) -> Session:
    account = digest_of(normalised(credentials.email))
    device = services.accounts.tokens.read_device(device_cookie) if device_cookie else None
    known = device.id if device is not None and account in device.accounts else None
    with limit_of(request).trying(Try(account, visit.network, known)):
        signed_in = services.accounts.login(credentials.email, credentials.password, visit, known=known is not None)
    return welcome(signed_in, services, response, device_cookie)


@router.post("/api/auth/refresh", response_model=Session)
def refresh(
    services: AppServices,
    visit: CurrentVisit,
    response: Response,
    refresh_token: RefreshCookie = None,
    csrf_cookie: CsrfCookie = None,
    x_csrf_token: CsrfHeader = None,
) -> Session | JSONResponse:
    """A new access token. The refresh token is used up by it and replaced."""
    if not refresh_token:
        raise NotSignedIn("You are not signed in. Sign in first.", code="accounts.not_signed_in")
    check_csrf(csrf_cookie, x_csrf_token)
    try:
        signed_in = services.accounts.refresh(refresh_token, visit)
    except NotSignedIn as error:
        # The cookies hold nothing any more; without them the page knows so, and does not ask again at every visit.
        refused = response_to(error)
        forget_cookies(refused, services.settings)
        return refused
    return with_cookies(signed_in, response, services.settings, csrf=csrf_cookie)


@router.post("/api/auth/logout", status_code=status.HTTP_204_NO_CONTENT)
def logout(
    services: AppServices,
    visit: CurrentVisit,
    response: Response,
    refresh_token: RefreshCookie = None,
    csrf_cookie: CsrfCookie = None,
    x_csrf_token: CsrfHeader = None,
) -> None:
    """Ends this browser's session; its access tokens stop working at once."""
    if refresh_token:
        check_csrf(csrf_cookie, x_csrf_token)
        services.accounts.logout(refresh_token, visit)
    forget_cookies(response, services.settings)


@router.get("/api/auth/me")
def me(services: AppServices, user: CurrentUser) -> User:
    return services.accounts.user(user)


@router.post("/api/auth/password-reset", status_code=status.HTTP_202_ACCEPTED)
def ask_password_reset(asked: PasswordResetRequest, services: AppServices, visit: CurrentVisit, request: Request) -> Accepted:
    """Sends a letter with a link when there is such an account. The answer is the same when there is none."""
    limit_of(request).begin(Try("password reset", visit.network))
    services.accounts.recovery.ask_reset(asked.email, visit)
    return Accepted(message="If there is an account with this address, a letter with a link is on its way.")


@router.post("/api/auth/password-reset/finish", status_code=status.HTTP_204_NO_CONTENT)
def finish_password_reset(reset: PasswordReset, services: AppServices, visit: CurrentVisit) -> None:
    """Sets the new password and ends every session and API key of the account. Then sign in with it."""
    services.accounts.look_up_again(services.accounts.recovery.reset(reset.token, reset.password, visit))


@router.post("/api/auth/verify-email", status_code=status.HTTP_204_NO_CONTENT)
def verify_email(verification: EmailVerification, services: AppServices, visit: CurrentVisit) -> None:
    """Takes the token of the link in the letter, to the account's address or to the new one that it is to have."""
    services.accounts.verify_email(verification.token, visit)


def limit_of(request: Request) -> LoginLimit:
    limit: LoginLimit = request.app.state.login_limit
    return limit


def welcome(signed_in: SignedIn, services: AppServices, response: Response, device_cookie: str | None) -> Session:
    """The session with its cookies, and the mark by which this browser is known next time."""
    tokens = services.accounts.tokens
    device = (tokens.read_device(device_cookie) if device_cookie else None) or Device(services.clock.new_id("dev"), ())
    account = digest_of(signed_in.session.user.email)
    remember_device(tokens.device(device.with_account(account)), response, services.settings)
    return with_cookies(signed_in, response, services.settings)
