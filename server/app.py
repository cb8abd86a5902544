"""The application: routers, middleware, the page, and what starts and stops with it. Nothing runs on import."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from server import wiring
from server.settings import VERSION, Settings
from server.web import errors, openapi
from server.web.broadcast import Broadcasts
from server.web.edge import CrossOrigin, Hosts, Proxies, Sizes, names_of
from server.web.login_limit import LoginLimit
from server.web.meter import RequestMeter, registry_of
from server.web.middleware import BodiesOfStrangers, Envelope, TooLargeInOneShape
from server.web.polls import PollsAtOnce, keep_fresh
from server.web.routes import (
    account,
    admin,
    auth,
    base_models,
    datasets,
    documents,
    downloads,
    evaluations,
    exports,
    google,
    guided,
    guided_reports,
    guides,
    health,
    installation,
    jobs,
    keys,
    live,
    metrics,
    notifications,
    reports,
    samples,
    shared_reports,
    test_sets,
    tuned_models,
    uploads,
)
from server.web.routes import openai as openai_routes
from server.web.routes.openai.texts import MOST_AT_ONCE
from server.web.spa import SinglePage

# A conversation of 100,000 characters a message is the largest thing that is not an upload.
_MAX_BODY_BYTES: Final = 4 * 1024**2
# For pages of the sites in `allowed_origins`: they bring a token of their own, never a cookie of ours.
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADERS: Final = ("authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "x-request-id")
_EXPOSED_HEADERS: Final = ("content-disposition", "etag", "retry-after", "x-request-id")


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server over the data folder of `settings`; without them, those of the environment."""
    settings = settings or Settings()
    services = wiring.build(settings)
    app = FastAPI(
        title="LLM Tuner",
        version=VERSION,
        lifespan=_lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # A page of documentation would come from a content network, which the content security policy is there to refuse.
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    openapi.install(app)
    app.state.services = services
    app.state.login_limit = LoginLimit(services.clock)
    app.state.broadcasts = Broadcasts(services.jobs, services.live, services.accounts)
    app.state.text_threads = CapacityLimiter(MOST_AT_ONCE)
    app.state.registry = registry_of(services, app.state.broadcasts)
    routers = [
        health.router,
        metrics.router,
        installation.router,
        auth.router,
        account.router,
        keys.router,
        admin.router,
        google.router,
        samples.router,
        documents.router(settings),
        uploads.router,
        datasets.router,
        base_models.router,
        jobs.router,
        live.router,
        tuned_models.router,
        exports.router,
        downloads.router,
        test_sets.router(settings),
        evaluations.router,
        guides.router(settings),
        guided.router(settings),
        reports.router,
        guided_reports.router,
        shared_reports.router,
        notifications.router,
        *openai_routes.routers(settings),
    ]
    for router in routers:
        app.include_router(router, max_body_size=_MAX_BODY_BYTES)
    app.router.default = SinglePage(settings.client_folder)
    errors.install(app)
    app.add_middleware(TooLargeInOneShape)
    app.add_middleware(BodiesOfStrangers, accounts=services.accounts)
    app.add_middleware(PollsAtOnce, accounts=services.accounts, live=services.live)
    if settings.allowed_origins:
        app.add_middleware(
            CrossOrigin,
            allow_origins=settings.allowed_origins,
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            expose_headers=_EXPOSED_HEADERS,
        )
    app.add_middleware(Sizes)
    app.add_middleware(Hosts, names=names_of(settings))
    app.add_middleware(Envelope, https=settings.https, meter=RequestMeter(app.state.registry))
    app.add_middleware(Proxies, trusted=settings.trusted_proxies)  # The last added is the outermost.
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: wiring.Services = app.state.services
    services.start()
    fresh = asyncio.create_task(keep_fresh(services.accounts, services.live))
    try:
        yield
    finally:
        fresh.cancel()
        await run_in_threadpool(services.stop)


def _operation_id(route: APIRoute) -> str:
    return route.name
