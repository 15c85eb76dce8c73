"""Streams changes as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, suppress

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Scope, Send

from src.errors.client import SyncExpired
from src.schemas.changes import SyncToken
from src.services.sync.changes import Change, ChangeService
from src.services.sync.subscription import Subscription

_RETRY_MILLISECONDS = 2000
DEFAULT_MAX_CONNECTIONS = 800
# `no-transform`, because proxies that compress would collect events (RFC 9111, section 5.2.2.6).
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


def max_connections(request: Request) -> int:
    """Return how many connections this process accepts: what `src.server` has set, or a default for other servers."""
    return getattr(request.state, "connections", None) or DEFAULT_MAX_CONNECTIONS


def stream_seconds(request: Request) -> float:
    """Return how long a stream may last: until the token expires, or for less where `src.server` has set it."""
    seconds: float = request.state.expires_at - time.time()
    return min(seconds, getattr(request.state, "stream_timeout", None) or seconds)


class EventStream(StreamingResponse):
    """Streams the changes after `since`, until the client disconnects or the subscription ends.

    FastAPI's own event streams need two more tasks and two more buffers for each client.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        changes: ChangeService,
        subscription: AbstractContextManager[Subscription],
        since: SyncToken,
        heartbeat: float,
    ) -> None:
        self._changes = changes
        self._subscription = subscription
        self._since = since
        self._heartbeat = heartbeat
        super().__init__((), headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Subscribe and send the events; the subscription has ended when this returns or raises.

        Raises:
            StreamLimitExceeded: The owner has too many already; nothing has been sent.
            StreamCapacityExceeded: The process has too many already; nothing has been sent.
        """
        with self._subscription as subscription:
            events = _events(self._changes, subscription, self._since, self._heartbeat)
            async with aclosing(events) as self.body_iterator:
                await super().__call__(scope, receive, send)


async def _events(
    changes: ChangeService, subscription: Subscription, since: SyncToken, heartbeat: float
) -> AsyncGenerator[bytes]:
    """Yield an event with only an id, which sets `Last-Event-ID` and is not dispatched, and then the changes."""
    yield format_sse_event(id=str(since), retry=_RETRY_MILLISECONDS)
    with suppress(SyncExpired):
        async for page in changes.follow(since, subscription, heartbeat):
            yield b"".join(map(_event, page)) or KEEPALIVE_COMMENT


def _event(change: Change) -> bytes:
    return format_sse_event(id=str(change.token), event=change.event, data_str=change.json.decode())
