"""The middleware, in its order."""

from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware

from src.api.allowed_hosts import AllowedHosts
from src.api.authentication import Authentication
from src.api.body_limit import BodyLimit
from src.api.counters import Counters
from src.api.head import Head
from src.api.rate_limits import RateLimit, UserLimit
from src.api.request_log import RequestLog
from src.api.response_headers import ResponseHeaders
from src.api.standard_output import LineWriter
from src.api.trailing_slash import TrailingSlash
from src.api.unexpected import UnexpectedErrors
from src.auth.verifier import TokenVerifier
from src.config import Settings
from src.schemas.rate import Rate
from src.shutdown import ShutdownSignal


def middleware(
    settings: Settings, verifier: TokenVerifier, counters: Counters, lines: LineWriter, shutdown: ShutdownSignal
) -> list[Middleware]:
    """From the outside in: every answer is logged, those of errors have CORS headers, a stranger's body is not read."""
    limit = _limit("user", settings.rate_limit, counters)
    return [
        Middleware(
            RequestLog, lines=lines, form=settings.log_form, traced=settings.otel_exporter_otlp_endpoint is not None
        ),
        Middleware(ResponseHeaders, shutdown=shutdown, hsts_seconds=settings.hsts_seconds),
        _cors(settings.allowed_origins),
        Middleware(UnexpectedErrors),
        *([Middleware(AllowedHosts, hosts=settings.allowed_hosts)] if settings.allowed_hosts else []),
        Middleware(Head),
        Middleware(TrailingSlash),
        Middleware(
            Authentication,
            verifier=verifier,
            failures=_limit("failures", settings.rate_limit_failures, counters),
            explain=settings.environment == "development",
            cookie_origins=frozenset(settings.allowed_origins) if settings.better_auth_cookie_cache else None,
        ),
        *([Middleware(UserLimit, limit=limit)] if limit else []),
        Middleware(BodyLimit),
    ]


def _cors(origins: list[str]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_REQUEST_HEADERS,
        expose_headers=_RESPONSE_HEADERS,
        max_age=7200,
    )


def _limit(name: str, rate: Rate | None, counters: Counters) -> RateLimit | None:
    return None if rate is None else RateLimit(name, rate, counters)


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
