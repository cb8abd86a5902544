"""`/metrics` for Prometheus. Not in the API's description: it is the operator's, not the users'."""

import secrets
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder
from starlette.datastructures import Headers

from server.errors import Forbidden, NotSignedIn
from server.settings import Settings
from server.web.addresses import is_this_machine
from server.web.deps import AppServices

# One of these, and a proxy stands between: the connection comes from this machine, but who asks may sit anywhere.
_OF_PROXIES: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip")

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request, services: AppServices) -> Response:
    _check(request, services.settings)
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.registry), headers={"content-type": media_type})


def _check(request: Request, settings: Settings) -> None:
    """With a token in the settings, whoever brings it; without, this machine alone. Raises `NotSignedIn` or `Forbidden`."""
    token = settings.metrics_token
    if token is not None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.get_secret_value().encode()):
            raise NotSignedIn("The metrics need the token of LLM_TUNER_METRICS_TOKEN as a bearer token.", code="metrics.wrong_token")
    elif not _is_local(request):
        raise Forbidden(
            "The metrics are for this machine alone. The operator can set LLM_TUNER_METRICS_TOKEN to read them from elsewhere.",
            code="metrics.this_machine_only",
        )


def _is_local(request: Request) -> bool:
    """Asked from this machine, by its own name, and through no proxy."""
    headers: Headers = request.headers
    return (
        request.client is not None
        and is_this_machine(request.client.host)
        and is_this_machine(request.url.hostname or "")
        and not any(name in headers for name in _OF_PROXIES)
    )
