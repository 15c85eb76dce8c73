"""Refuse the requests of a user whose rate limit is used up.

Clients read what is left in `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.middleware.response_headers import response_of
from src.rate_limiting.limiter import RateLimiter


class UserRateLimitMiddleware:
    """Refuses (429), before the body is read, to a user whose limit is used up; public paths have no user."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        user_id = scope.get("state", {}).get("user_id")
        if user_id is not None:
            response_of(scope).add(await self._limiter.hit(user_id))
        await self._app(scope, receive, send)
