"""Streams changes as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Send

from src.schemas.changes import SyncToken
from src.services.owner import OwnerId
from src.services.sync.broker import ChangeBroker
from src.services.sync.changes import Change, ChangeService, SyncExpired

_RETRY_MILLISECONDS = 2000
_DEFAULT_MAX_CONNECTIONS = 800


def max_connections(request: Request) -> int:
    """Return how many connections this process accepts: what `src.server` has set, or a default for other servers."""
    return getattr(request.state, "connections", None) or _DEFAULT_MAX_CONNECTIONS


class EventStream(StreamingResponse):
    """Streams the changes after `since`, until the client disconnects, the token expires or the process shuts down.

    FastAPI's own event streams need two more tasks and two more buffers for each client.
    """

    media_type = "text/event-stream"

    def __init__(
        self, changes: ChangeService, broker: ChangeBroker, owner: OwnerId, since: SyncToken, expires_at: float
    ) -> None:
        self._events = _events(changes, broker, owner, since, expires_at)
        super().__init__(self._events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        """Send the events; the subscription has ended when this returns or raises."""
        async with aclosing(self._events):
            await super().stream_response(send)


async def _events(
    changes: ChangeService, broker: ChangeBroker, owner: OwnerId, since: SyncToken, expires_at: float
) -> AsyncGenerator[bytes]:
    """Yield an event with only an id, which sets `Last-Event-ID` and is not dispatched, and then the changes."""
    yield format_sse_event(id=str(since), retry=_RETRY_MILLISECONDS)
    with broker.subscribe(owner, expires_at - time.time()) as subscription, suppress(SyncExpired):
        async for page in changes.follow(since, subscription, broker.intervals.heartbeat):
            yield b"".join(map(_event, page)) or KEEPALIVE_COMMENT


def _event(change: Change) -> bytes:
    return format_sse_event(id=str(change.token), event=change.event, data_str=change.json)
