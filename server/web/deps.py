"""What routes ask for: the services, and who calls."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from server.domain.accounts.recent import Caller
from server.errors import NotSignedIn

if TYPE_CHECKING:
    from server.wiring import Services
else:  # Routes are below the composition root and only use what it made.
    Services = Any

_bearer = HTTPBearer(auto_error=False, description="The access token of `POST /api/auth/login`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


async def services_of(request: Request) -> Services:
    """Asynchronous although it waits for nothing: the framework sends everything else to a thread."""
    services: Services = request.app.state.services
    return services


AppServices = Annotated[Services, Depends(services_of)]


def current_caller(request: Request, services: AppServices, credentials: Credentials) -> Caller:
    """User and session. Raises `NotSignedIn` without an access token that holds, in a session that is still open."""
    if credentials is None:
        raise NotSignedIn("Sign in first: this needs the header `Authorization: Bearer <access token>`.", code="accounts.not_signed_in")
    caller: Caller = services.accounts.verified(credentials.credentials)
    request.state.user_id = caller.user_id  # For the log.
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def recent_caller(request: Request, services: AppServices, credentials: Credentials) -> Caller:
    """The same, at most a second old: for who is checked again all the time anyway, and comes back by the hundred after a restart."""
    caller: Caller | None = services.accounts.recently_verified(credentials.credentials) if credentials else None
    if caller is None:
        return await run_in_threadpool(current_caller, request, services, credentials)
    request.state.user_id = caller.user_id
    return caller


RecentCaller = Annotated[Caller, Depends(recent_caller)]


async def current_user(caller: CurrentCaller) -> str:
    """The user's id."""
    return caller.user_id


CurrentUser = Annotated[str, Depends(current_user)]
