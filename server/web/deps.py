"""What routes ask for: the services, and the id of the user who calls."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.errors import NotSignedIn

if TYPE_CHECKING:
    from server.wiring import Services
else:  # Routes are below the composition root and only use what it made.
    Services = Any

_bearer = HTTPBearer(auto_error=False, description="The access token of `POST /api/auth/login`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


AppServices = Annotated[Services, Depends(services_of)]


def current_user(request: Request, services: AppServices, credentials: Credentials) -> str:
    """The user's id. Raises `NotSignedIn` without an access token that holds, in a session that is still open."""
    if credentials is None:
        raise NotSignedIn("Sign in first: this needs the header `Authorization: Bearer <access token>`.", code="accounts.not_signed_in")
    user_id = services.accounts.caller(credentials.credentials)
    request.state.user_id = user_id  # For the log.
    return user_id


CurrentUser = Annotated[str, Depends(current_user)]
