"""What routes ask for: the services, and who calls. Here alone is decided what an API key may do, by scope and method."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from server.domain.accounts.callers import Caller
from server.domain.accounts.visits import Visit
from server.errors import Forbidden, NotSignedIn

if TYPE_CHECKING:
    from server.wiring import Services
else:  # Routes are below the composition root and only use what it made.
    Services = Any

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_USER_AGENT: Final = 300

_bearer = HTTPBearer(auto_error=False, description="The access token of `POST /api/auth/login`, or an API key of `POST /api/keys`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


async def services_of(request: Request) -> Services:
    """Asynchronous although it waits for nothing, like others below: the framework sends everything else to a thread."""
    services: Services = request.app.state.services
    return services


AppServices = Annotated[Services, Depends(services_of)]


async def visit_of(request: Request) -> Visit:
    """The connection's address: what proxies claim is believed or not long before, by the server's settings."""
    address = request.client.host if request.client else ""
    return Visit(address[:100], request.headers.get("user-agent", "")[:_MAX_USER_AGENT])


CurrentVisit = Annotated[Visit, Depends(visit_of)]


def current_caller(request: Request, services: AppServices, credentials: Credentials, visit: CurrentVisit) -> Caller:
    """Who calls. Raises `NotSignedIn` without an access token or key that holds, `Forbidden` for a key without the scope."""
    if credentials is None:
        raise NotSignedIn("Sign in first: this needs the header `Authorization: Bearer <access token>`.", code="accounts.not_signed_in")
    caller = services.accounts.identify(credentials.credentials, visit)
    check_scope(caller, request.method)
    request.state.user_id = caller.user_id  # For the log.
    return caller


def check_scope(caller: Caller, method: str) -> None:
    """Raises `Forbidden` when an API key lacks the scope for this method: `read` for those that change nothing, `write` for all others."""
    needed = "read" if method in _READING else "write"
    if needed not in caller.scopes:
        raise Forbidden(
            f"This API key may only {' and '.join(sorted(caller.scopes))}. Use a key with the scope `{needed}`.", code="accounts.key_scope"
        )


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def expect_a_run(services: AppServices, _caller: CurrentCaller) -> None:
    """For routes whose callers may soon want a run to start, without waiting for a trainer to load. Never for a stranger."""
    services.standby.expect()


A_RUN_MAY_COME: Final = [Depends(expect_a_run)]


async def recent_caller(request: Request, services: AppServices, credentials: Credentials, visit: CurrentVisit) -> Caller:
    """The same, at most a second old: for who is checked again all the time anyway, and comes back by the hundred after a restart."""
    caller: Caller | None = services.accounts.recently_identified(credentials.credentials) if credentials else None
    if caller is None:
        return await run_in_threadpool(current_caller, request, services, credentials, visit)
    check_scope(caller, request.method)
    request.state.user_id = caller.user_id
    return caller


RecentCaller = Annotated[Caller, Depends(recent_caller)]


async def current_user(caller: CurrentCaller) -> str:
    """The user's id."""
    return caller.user_id


CurrentUser = Annotated[str, Depends(current_user)]


async def own_session(caller: CurrentCaller) -> Caller:
    """For what only the person may do: the account, its keys, the administration. Raises `Forbidden` for an API key of any scope."""
    if caller.session_id is None:
        raise Forbidden(
            "API keys cannot do this, whatever their scope: sign in with your e-mail address and password.", code="accounts.key_not_here"
        )
    return caller


InPerson = Annotated[Caller, Depends(own_session)]


async def administrator(caller: InPerson) -> Caller:
    if caller.role != "admin":
        raise Forbidden("Only administrators of this installation may do this.", code="accounts.not_administrator")
    return caller


Administrator = Annotated[Caller, Depends(administrator)]
