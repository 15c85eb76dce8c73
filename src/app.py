"""The composition root: where the parts are put together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware

from src.api.authentication import Authentication
from src.api.body_limit import BodyLimit
from src.api.counters import Counters, MemoryCounters
from src.api.documentation import DocumentedApi
from src.api.head import Head
from src.api.problems import HANDLERS
from src.api.rate_limits import Limit, RateLimit, Unlimited, UserLimit
from src.api.request_log import RequestLog
from src.api.routers import health, overview, tasks
from src.api.trailing_slash import TrailingSlash
from src.api.unexpected import UnexpectedErrors
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.config import Settings
from src.db.database import Database, OnQuery
from src.schemas.rate import Rate

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from src.telemetry import Telemetry

_LIST_ROUTERS = {
    "object": (tasks.object_router, overview.object_router),
    "array": (tasks.array_router, overview.array_router),
}


def create_app(settings: Settings) -> FastAPI:
    """The API with these settings. It connects to nothing until it is asked something."""
    verifier, counters, telemetry = create_verifier(settings), _create_counters(settings), create_telemetry(settings)
    # As its own routes, an included router would match each request twice.
    routers = (*_LIST_ROUTERS[settings.list_format], overview.router, tasks.router, health.router)
    app = DocumentedApi(
        routes=[route for router in routers for route in router.routes],
        title="Task API",
        version="0.1.0",
        description="Tasks of the users of a Better Auth front end.",
        redirect_slashes=False,
        middleware=_middleware(settings, verifier, counters),
        telemetry=_NO_TELEMETRY if telemetry is None else telemetry.of_requests,
        exception_handlers=HANDLERS,
        lifespan=_lifespan,
    )
    app.state.announce = lambda _: None
    app.state.verifier, app.state.counters, app.state.telemetry = verifier, counters, telemetry
    app.state.database = create_database(settings, on_query=None if telemetry is None else telemetry.record)
    if telemetry is not None:
        telemetry.watch(app.state.database, verifier.jwks)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        if app.state.telemetry is not None:
            await stack.enter_async_context(aclosing(app.state.telemetry))
        await stack.enter_async_context(aclosing(app.state.verifier))
        await stack.enter_async_context(aclosing(app.state.counters))
        await stack.enter_async_context(app.state.database)
        yield


def _middleware(settings: Settings, verifier: TokenVerifier, counters: Counters) -> list[Middleware]:
    """From the outside in: every answer is logged, those of errors have CORS headers, a stranger's body is not read."""
    return [
        Middleware(RequestLog, form=settings.lines, traced=settings.otel_exporter_otlp_endpoint is not None),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
            max_age=7200,
        ),
        Middleware(UnexpectedErrors),
        Middleware(Head),
        Middleware(TrailingSlash),
        Middleware(
            Authentication,
            verifier=verifier,
            failures=_limit("failures", settings.rate_limit_failures, counters),
            explain=settings.environment == "development",
            cookie_origins=frozenset(settings.allowed_origins) if settings.better_auth_cookie_cache else None,
        ),
        Middleware(UserLimit, limit=_limit("user", settings.rate_limit, counters)),
        Middleware(BodyLimit),
    ]


def create_database(settings: Settings, on_query: OnQuery | None = None) -> Database:
    """The way to the database under these settings."""
    return Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        prepared_statements=settings.prepared_statements,
        on_query=on_query,
    )


def _limit(name: str, rate: Rate | None, counters: Counters) -> Limit:
    return Unlimited() if rate is None else RateLimit(name, rate, counters)


def _create_counters(settings: Settings) -> Counters:
    if settings.rate_limit_storage_url is None:
        return MemoryCounters()
    from src.api.shared_counters import SharedCounters  # noqa: PLC0415 - its client takes 20 MB and 0.3 s to import

    return SharedCounters(str(settings.rate_limit_storage_url))


def create_verifier(settings: Settings) -> TokenVerifier:
    """What judges the tokens under these settings."""
    return TokenVerifier(
        secrets=settings.secrets,
        jwks=None if settings.jwks_url is None else JwksClient(settings.jwks_url),
        issuer=settings.issuer,
        audience=settings.audience,
        user_id_claim=settings.better_auth_user_id_claim,
        require_issuer_and_audience_for_hs256=settings.better_auth_strict,
        accept_session_cookie_cache=settings.better_auth_cookie_cache,
    )


def create_telemetry(settings: Settings) -> "Telemetry | None":
    """What sends traces and metrics, where somebody wants them.

    Raises:
        SystemExit: The packages for it are not installed.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    try:
        from src.telemetry import Telemetry  # noqa: PLC0415 - its packages are optional, and slow to import
    except ImportError:
        sentence = "Cannot start: OTEL_EXPORTER_OTLP_ENDPOINT needs packages; install them with 'uv sync --group otel'"
        raise SystemExit(sentence) from None
    return Telemetry.to_collector(str(settings.otel_exporter_otlp_endpoint))


# Nor to whoever else has set up OpenTelemetry in this process: FastAPI's own defaults would tell queries.
_NO_TELEMETRY: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
]
_RESPONSE_HEADERS = [
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
    "X-Total-Count",
]
