"""The routes of delta sync: pages of changes, and live changes as server-sent events."""

import time
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response

from src.api.conditional_requests import IfNoneMatch
from src.api.dependencies import Broker, Changes, Owner
from src.api.event_stream import EventStream, max_connections
from src.api.openapi import errors, headers
from src.api.responses import changes_response, not_modified
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.schemas.changes import ChangesLimit, SyncToken, SyncTokenText, TaskChanges
from src.schemas.task import MAX_PAGE

router = owner_router()

_CHANGED = {200: headers(ETag="The user's revision; none where there is more.")} | NOT_MODIFIED | errors(410)
_SINCE = "`next_since` of the last answer, or the id of the last event"


@router.get("/changes", response_model=TaskChanges, responses=_CHANGED)
async def list_changes(
    changes: Changes,
    cached: IfNoneMatch,
    since: Annotated[SyncTokenText, Query(description=f"{_SINCE}; `0` loads everything.")] = "0",
    limit: Annotated[ChangesLimit, Query(description="How many tasks at most.")] = MAX_PAGE,
) -> Response:
    """What has changed since, in the order of the changes, with the tasks that are gone: for a copy of all tasks."""
    token = SyncToken.parse(since)
    if cached and (current := await changes.current_token(token)).revision in cached:
        return not_modified(current.revision)
    return changes_response(await changes.page(token, limit))


async def resume_token(
    last_event_id: Annotated[
        SyncTokenText | None, Header(alias="Last-Event-ID", description="Outranks `since`.")
    ] = None,
    since: Annotated[SyncTokenText | None, Query(description=f"{_SINCE}; without it only what comes is sent.")] = None,
) -> SyncToken | None:
    """Parse the sync token to resume from; None for a client's first stream."""
    text = last_event_id or since
    return None if text is None else SyncToken.parse(text)


@router.get("/events", status_code=200, response_class=EventStream, responses=errors(410, 429))
async def stream_events(
    request: Request,
    owner: Owner,
    changes: Changes,
    broker: Broker,
    since: Annotated[SyncToken | None, Depends(resume_token)],
) -> EventStream:
    """What changes, as it happens, as server-sent events.

    They are `created`, `updated`, `completed`, `reopened`, `deleted`, `restored` and `erased`, each with the task as it
    is now, and an id from which to resume.
    """
    current = await changes.current_token(since)
    seconds = request.state.expires_at - time.time()
    subscription = broker.subscribe(owner, seconds, max_connections(request))
    return EventStream(changes, subscription, since or current, broker.intervals.heartbeat)
