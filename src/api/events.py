"""Changes as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Send

from src.errors import SyncExpired
from src.schemas.changes import Since
from src.services.changes import Change, ChangeService
from src.services.feed import Feed
from src.services.owner import OwnerId

_RETRY_MILLISECONDS = 2000
_USUAL_CONNECTIONS = 800


def connections(request: Request) -> int:
    """How many the server takes in this process, as `src.server` tells; other servers do not."""
    return getattr(request.state, "connections", None) or _USUAL_CONNECTIONS


class EventStream(StreamingResponse):
    """What changes after `since`, until the client leaves, the token expires or the process ends.

    What FastAPI makes of a generator takes two more tasks and two more buffers for each client.
    """

    media_type = "text/event-stream"

    def __init__(self, changes: ChangeService, feed: Feed, owner: OwnerId, since: Since, expires_at: float) -> None:
        self._events = _events(changes, feed, owner, since, expires_at)
        super().__init__(self._events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        """Send it; the subscription has ended when this returns, however it does."""
        async with aclosing(self._events):
            await super().stream_response(send)


async def _events(
    changes: ChangeService, feed: Feed, owner: OwnerId, since: Since, expires_at: float
) -> AsyncGenerator[bytes]:
    """An event that is only an id sets `Last-Event-ID` and is not dispatched: the client can resume at once."""
    yield format_sse_event(id=str(since), retry=_RETRY_MILLISECONDS)
    with feed.subscribe(owner, expires_at - time.time()) as news, suppress(SyncExpired):
        async for page in changes.follow(since, news, feed.pace.heartbeat):
            yield b"".join(map(_event, page)) or KEEPALIVE_COMMENT


def _event(change: Change) -> bytes:
    return format_sse_event(id=str(change.since), event=change.event, data_str=change.json)
