"""The JWT middleware: denies by default, before the body is read."""

import logging
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.credentials import SAFE_METHODS, bearer_token, cookie_token
from src.api.middleware.response_headers import response_of
from src.auth.identity import Identity
from src.errors.client import READ, WRITE, InsufficientScope, Unauthorized
from src.rate_limiting.limiter import RateLimiter, client_network
from src.schemas.origin import OriginSet

logger = logging.getLogger(__name__)

PUBLIC_PATHS = frozenset(
    {"/", "/health", "/ready", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"}
)


class Verifier(Protocol):
    """Verifies the tokens of a path."""

    async def verify(self, token: str) -> Identity:
        """Return the identity that the token proves, or raise `Unauthorized`."""


class ProtectedPath(NamedTuple):
    """A path that has its own verifier; `resource_metadata` is the URL that its 401 names (RFC 9728)."""

    verifier: Verifier
    resource_metadata: str | None


class JWTAuthMiddleware:
    """Requires a valid access token on all paths but `PUBLIC_PATHS`.

    Sets `request.state.user_id`, `request.state.user_email` (None where the token has no e-mail address) and
    `request.state.expires_at` (of the token, in seconds since 1970). Refuses the request (401) otherwise; the log has
    the check that failed, and with `explain` so does the response. With `cookie_origins` the token may come in Better
    Auth's session cookie, from pages of these origins. A network that has used up the rate limit `failures` gets 429
    instead of 401; valid tokens from there are still accepted.

    `protected` are the paths that other tokens are valid for. An OAuth client's token needs a scope for all paths but
    these, which check scopes themselves: `tasks:read` for safe methods, `tasks:write` for others (403).
    """

    def __init__(  # noqa: PLR0913 - one parameter for each choice of the settings
        self,
        app: ASGIApp,
        verifier: Verifier,
        failures: RateLimiter | None,
        *,
        explain: bool = False,
        cookie_origins: OriginSet | None = None,
        public_paths: frozenset[str] = PUBLIC_PATHS,
        protected: Mapping[str, ProtectedPath] | None = None,
    ) -> None:
        self._app = app
        self.verifier = verifier
        self._failures = failures
        self._explain = explain
        self._cookie_origins = cookie_origins
        self._public_paths = public_paths
        self._protected = protected or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan" or scope["path"] in self._public_paths:
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":  # the API has none
            return await send({"type": "websocket.close"})
        protected = self._protected.get(scope["path"])
        try:
            identity = await (protected or self).verifier.verify(self._token(scope))
        except Unauthorized as error:
            error.resource_metadata = protected and protected.resource_metadata
            await self._count_failure(scope)
            raise self._log_and_explain(error) from None
        if identity.scopes is not None and protected is None:
            _require_scope(scope["method"], identity.scopes)
        scope["state"].update(
            user_id=identity.user_id,
            user_email=identity.email,
            expires_at=identity.expires_at,
            scopes=identity.scopes,
        )
        return await self._app(scope, receive, send)

    def _token(self, scope: Scope) -> str:
        if self._cookie_origins is not None and (token := cookie_token(scope, self._cookie_origins)):
            return token
        return bearer_token(scope)

    async def _count_failure(self, scope: Scope) -> None:
        if self._failures:
            host = (scope.get("client") or ("", 0))[0]
            response_of(scope).add(await self._failures.hit(client_network(host)))

    def _log_and_explain(self, error: Unauthorized) -> Unauthorized:
        logger.info("refused a request: status=401 reason=%r", error.reason)
        if self._explain:
            error.detail = f"{error.detail} ({error.reason})"
        return error


def _require_scope(method: str, scopes: frozenset[str]) -> None:
    needed = READ if method in SAFE_METHODS else WRITE
    if needed not in scopes:
        raise InsufficientScope(needed, None)
