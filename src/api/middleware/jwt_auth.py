"""The JWT middleware: denies by default, before the body is read."""

import logging

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.credentials import bearer_token, cookie_token
from src.api.middleware.response_headers import response_of
from src.api.problems import render
from src.auth.verifier import TokenVerifier
from src.errors import AppError, RateLimitExceeded, Unauthorized
from src.rate_limiting.limiter import RateLimiter, client_network

logger = logging.getLogger(__name__)

PUBLIC_PATHS = frozenset({"/health", "/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})


class JWTAuthMiddleware:
    """Requires a valid access token on all paths but `PUBLIC_PATHS`.

    Sets `request.state.user_id`, `request.state.user_email` (None where the token has no e-mail address) and
    `request.state.expires_at` (of the token, in seconds since 1970). Responds with 401 otherwise; the log names the
    check that failed, and with `explain` so does the response. With `cookie_origins` the token may come in Better
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
        cookie_origins: frozenset[str] | None = None,
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
            return await (await self._refusal(scope, error))(scope, receive, send)
        except AppError as error:
            return await render(error)(scope, receive, send)
        scope.setdefault("state", {}).update(
            user_id=identity.user_id, user_email=identity.email, expires_at=identity.expires_at
        )
        return await self._app(scope, receive, send)

    def _token(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        if self._cookie_origins is not None and "authorization" not in headers:
            token = cookie_token(scope, headers, self._cookie_origins)
            if token is not None:
                return token
        return bearer_token(headers)

    async def _refusal(self, scope: Scope, error: Unauthorized) -> Response:
        try:
            if self._failures:
                response_of(scope).add(await self._failures.hit(client_network((scope.get("client") or ("", 0))[0])))
        except RateLimitExceeded as throttled:
            return render(throttled)
        return render(self._log_and_explain(error))

    def _log_and_explain(self, error: Unauthorized) -> Unauthorized:
        logger.info("refused a request: status=401 reason=%r", error.reason)
        if self._explain:
            error.detail = f"{error.detail} ({error.reason})"
        return error
