"""The headers of every response, added in one place (OWASP REST Security Cheat Sheet, "Security Headers").

Other middlewares add theirs by `response_of(scope).add`. What concerns one route (ETag, Link, Location, …) or one
error (Retry-After, WWW-Authenticate, …) is in the response that the handler or the error makes. Responses to protocol
errors never pass through the application: `src.server.errors` gives them `SECURITY` and `NO_STORE`.
"""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.shutdown import ShutdownSignal

type Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
NO_STORE = (b"cache-control", b"no-store")
_REVALIDATE = (b"cache-control", b"private, no-cache")
_CLOSE = (b"connection", b"close")


class ResponseRecorder:
    """Records the status and size of the response that is sent, and completes its headers."""

    __slots__ = ("_headers", "_send", "_shutdown", "size", "status")

    def __init__(self, send: Send, headers: Headers, shutdown: ShutdownSignal) -> None:
        self._send, self._headers, self._shutdown = send, headers, shutdown
        self.status: int | None = None
        """None until the response has started."""
        self.size = 0
        """In bytes, of the body."""

    def add(self, headers: Mapping[str, str]) -> None:
        """Add headers to whatever response is sent; it must not have them already."""
        self._headers += [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def send(self, message: Message) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(message.get("headers", ()))
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)

    def _complete(self, own: Headers) -> Headers:
        """Let only the user's browser store a response, and only one with an ETag, because it can be revalidated.

        During shutdown each response is the last one on its connection, so that no request is sent on one that closes.
        """
        names = [name for name, _ in own]
        headers = [*own, *self._headers]
        if b"cache-control" not in names:
            headers.append(_REVALIDATE if b"etag" in names else NO_STORE)
        if self._shutdown.is_set():
            headers.append(_CLOSE)
        return headers


class ResponseHeadersMiddleware:
    """Adds headers to every response; the outermost middleware, so that none is sent without."""

    def __init__(self, app: ASGIApp, shutdown: ShutdownSignal, hsts_seconds: int = 0) -> None:
        self._app = app
        self._shutdown = shutdown
        self._headers = [*SECURITY, *_transport_security(hsts_seconds)]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        response = ResponseRecorder(send, self._headers.copy(), self._shutdown)
        scope.setdefault("state", {})["response"] = response
        return self._app(scope, receive, response.send)


def response_of(scope: Scope) -> ResponseRecorder:
    """Return the record of the response to this request."""
    response: ResponseRecorder = scope["state"]["response"]
    return response


def _transport_security(seconds: int) -> Headers:
    return [(b"strict-transport-security", b"max-age=%d" % seconds)] if seconds else []
