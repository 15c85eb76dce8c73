"""The middleware stack, in order."""

from fastapi.middleware import Middleware

from src.api.middleware.access_log import AccessLogMiddleware
from src.api.middleware.body_limit import BodyLimitMiddleware
from src.api.middleware.compatibility import EDITING, CompatibilityMiddleware
from src.api.middleware.cors import LeanCORSMiddleware
from src.api.middleware.errors import ErrorMiddleware
from src.api.middleware.head_requests import HeadRequestMiddleware
from src.api.middleware.ignored_names_log import IgnoredNamesLogMiddleware
from src.api.middleware.jwt_auth import PUBLIC_PATHS, JWTAuthMiddleware, ProtectedPath
from src.api.middleware.rate_limit import UserRateLimitMiddleware
from src.api.middleware.response_headers import ResponseHeadersMiddleware
from src.api.middleware.trailing_slash import TrailingSlashMiddleware
from src.api.middleware.trusted_host import TrustedHostMiddleware
from src.app.components import Components
from src.auth.several_kinds import SeveralKindsVerifier
from src.auth.verifier import TokenVerifier
from src.config import Settings
from src.mcp.protected_resource import MCP_PATH, METADATA_PATHS, metadata_url
from src.rate_limiting.limiter import RateLimiter
from src.rate_limiting.rate import Rate
from src.rate_limiting.stores import CounterStore
from src.schemas.compatibility import Switch
from src.schemas.origin import OriginSet


def middleware(settings: Settings, components: Components) -> list[Middleware]:
    """List the middleware from the outside in.

    The order guarantees that every response is logged, that those of errors have CORS headers, and that no body is
    read before the token is verified.
    """
    origins = OriginSet(settings.allowed_origins)
    limiter = _limiter("user", settings.rate_limit, components.counters)
    return [
        Middleware(ResponseHeadersMiddleware, shutdown=components.shutdown, hsts_seconds=settings.hsts_max_age),
        Middleware(
            AccessLogMiddleware,
            lines=components.access_log,
            form=settings.log_form,
            traced=components.telemetry is not None,
        ),
        _cors(origins, explain=settings.environment == "development"),
        Middleware(HeadRequestMiddleware),
        *_compatibility(settings.compatibility),
        Middleware(ErrorMiddleware),
        *([Middleware(TrustedHostMiddleware, hosts=settings.allowed_hosts)] if settings.allowed_hosts else []),
        Middleware(TrailingSlashMiddleware),
        _authentication(settings, components, origins),
        *([Middleware(UserRateLimitMiddleware, limiter=limiter)] if limiter else []),
        Middleware(BodyLimitMiddleware),
        *([Middleware(IgnoredNamesLogMiddleware)] if settings.environment == "development" else []),
    ]


def _authentication(settings: Settings, components: Components, origins: OriginSet) -> Middleware:
    session, oauth = [components.verifier], [components.oauth_verifier] if components.oauth_verifier else []
    for_mcp = [*oauth, *(session if settings.mcp_session_tokens else [])]
    metadata = settings.public_url and metadata_url(settings.public_url)
    return Middleware(
        JWTAuthMiddleware,
        verifier=_verifier([*session, *(oauth if settings.rest_oauth_tokens else [])]),
        protected={MCP_PATH: ProtectedPath(_verifier(for_mcp), metadata)} if for_mcp else {},
        public_paths=PUBLIC_PATHS | (METADATA_PATHS if metadata else frozenset()),
        failures=_limiter("failures", settings.rate_limit_auth_failures, components.counters),
        explain=settings.environment == "development",
        cookie_origins=origins if settings.better_auth_cookie_cache else None,
    )


def _verifier(verifiers: list[TokenVerifier]) -> TokenVerifier | SeveralKindsVerifier:
    return verifiers[0] if len(verifiers) == 1 else SeveralKindsVerifier(verifiers)


def _compatibility(switches: list[Switch]) -> list[Middleware]:
    return [Middleware(CompatibilityMiddleware, switches=switches)] if EDITING.intersection(switches) else []


def _cors(origins: OriginSet, *, explain: bool) -> Middleware:
    return Middleware(
        LeanCORSMiddleware,
        allow_origins=origins,
        allow_headers=_REQUEST_HEADERS,
        expose_headers=_RESPONSE_HEADERS,
        explain=explain,
    )


def _limiter(name: str, rate: Rate | None, counters: CounterStore) -> RateLimiter | None:
    return None if rate is None else RateLimiter(name, rate, counters)


_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Time-Zone",
]
_RESPONSE_HEADERS = [
    "ETag",
    "Idempotency-Replayed",
    "Ignored-Names",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
    "WWW-Authenticate",
    "X-Total-Count",
]
