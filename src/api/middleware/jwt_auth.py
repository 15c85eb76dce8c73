"""The JWT middleware: denies by default, before the body is read."""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.credentials import bearer_token, cookie_token
from src.api.middleware.response_headers import response_of
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from src.rate_limiting.limiter import RateLimiter, client_network
from src.schemas.origin import OriginSet

logger = logging.getLogger(__name__)

PUBLIC_PATHS = frozenset(
    {"/", "/health", "/ready", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"}
)


class JWTAuthMiddleware:
    """Requires a valid access token on all paths but `PUBLIC_PATHS`.

    Sets `request.state.user_id`, `request.state.user_email` (None where the token has no e-mail address) and
    `request.state.expires_at` (of the token, in seconds since 1970). Refuses the request (401) otherwise; the log has
    the check that failed, and with `explain` so does the response. With `cookie_origins` the token may come in Better
    Auth's session cookie, from pages of these origins. A network that has used up the rate limit `failures` gets 429
    instead of 401; valid tokens from there are still accepted.
    """

    def __init__(
        self,
        app: ASGIApp,
        verifier: TokenVerifier,
        failures: RateLimiter | None,
        *,
        explain: bool = False,
        cookie_origins: OriginSet | None = None,
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._failures = failures
        self._explain = explain
        self._cookie_origins = cookie_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan" or scope["path"] in PUBLIC_PATHS:
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":  # the API has none
            return await send({"type": "websocket.close"})
        try:
            identity = await self._verifier.verify(self._token(scope))
        except Unauthorized as error:
            await self._count_failure(scope)
            raise self._log_and_explain(error) from None
        scope["state"].update(user_id=identity.user_id, user_email=identity.email, expires_at=identity.expires_at)
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
