"""Paths with and without a trailing slash are the same; a redirect could lose headers and bodies."""

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashMiddleware:
    """Removes one trailing slash from the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path[:-1]
        await self._app(scope, receive, send)
