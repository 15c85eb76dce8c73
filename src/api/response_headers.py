"""What browsers must be told on every answer of an API (OWASP REST Security Cheat Sheet, "Security Headers")."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.shutdown import ShutdownSignal

type Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
NEVER_STORED = (b"cache-control", b"no-store")
_ASKED_EACH_TIME = (b"cache-control", b"private, no-cache")
_LAST_ONE = (b"connection", b"close")


class ResponseHeaders:
    """Adds headers to every answer.

    Nobody stores an answer, but for the browser of the user where an ETag lets it ask whether it is still good. While
    the process ends, each answer is the last one on its connection, so that none is lost when connections are closed.
    """

    def __init__(self, app: ASGIApp, shutdown: ShutdownSignal, hsts_seconds: int = 0) -> None:
        self._app = app
        self._shutdown = shutdown
        self._headers = [*SECURITY, *_transport_security(hsts_seconds)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._missing(message)]
            await send(message)

        await self._app(scope, receive, add)

    def _missing(self, message: Message) -> Headers:
        names = {name for name, _ in message.get("headers", ())}
        headers = self._headers.copy()
        if b"cache-control" not in names:
            headers.append(_ASKED_EACH_TIME if b"etag" in names else NEVER_STORED)
        if self._shutdown.is_set():
            headers.append(_LAST_ONE)
        return headers


def _transport_security(seconds: int) -> Headers:
    return [(b"strict-transport-security", b"max-age=%d" % seconds)] if seconds else []
