"""HEAD is GET without the body (RFC 9110, section 9.3.2), on every path that has GET."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequestMiddleware:
    """Serves HEAD as GET, and ends the response after the headers, because the body may be an endless stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return self._app(scope, receive, send)
        return self._serve_as_get(scope, receive, send)

    async def _serve_as_get(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A copy, because the server reads HEAD in its own scope to send no body.
        inner = {**scope, "method": "GET"}
        try:
            return await self._app(inner, receive, _without_body(send))
        finally:
            scope["route"] = inner.get("route")  # for the access log


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body"})

    return sending
