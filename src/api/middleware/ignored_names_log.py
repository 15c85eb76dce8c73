"""Log the names that requests have and the API ignores, for developers of front ends."""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)


class IgnoredNamesLogMiddleware:
    """Logs what is in `Ignored-Names`: names of members and parameters, never their values. For development only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)
        if names := scope.get("state", {}).get("ignored_names"):
            logger.info("ignored unknown names in a request: %s", names)
