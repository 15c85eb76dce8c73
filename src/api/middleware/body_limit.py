"""The size limit of request bodies, checked before any handler runs."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.errors.client import ContentTooLarge

MAX_REQUEST_BODY_BYTES = 1024 * 1024


class BodyLimitMiddleware:
    """Refuses (413) a `Content-Length` above the limit, and counts a body without one while it is read.

    FastAPI's own limit applies to what a handler reads, so a handler that reads no body would run before the request
    is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        length = _declared_length(scope) if scope["type"] == "http" else None
        if length is None:
            return self._app(scope, _counting(receive), send)
        if length > MAX_REQUEST_BODY_BYTES:
            raise ContentTooLarge
        return self._app(scope, receive, send)


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value.lstrip(b"0")[:20] or b"0")  # Python reads no more than 4300 digits
    return None


def _counting(receive: Receive) -> Receive:
    remaining = MAX_REQUEST_BODY_BYTES

    async def counted() -> Message:
        nonlocal remaining
        message = await receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise ContentTooLarge
        return message

    return counted
