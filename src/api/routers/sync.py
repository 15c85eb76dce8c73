"""The routes of delta sync: pages of changes, and live changes as server-sent events."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response

from src.api.conditional_requests import IfNoneMatch
from src.api.dependencies import Broker, Changes, Owner
from src.api.event_stream import EventStream, max_connections, stream_seconds
from src.api.large_response import read_within_memory
from src.api.openapi import Responses, errors, headers
from src.api.responses import changes_response, not_modified
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.schemas.changes import ChangesLimit, SyncToken, SyncTokenText, TaskChanges, TaskEvent
from src.schemas.task import MAX_PAGE

router = owner_router(tag="sync")

_CHANGED = {200: headers(ETag="The user's revision; absent if `more` is true.")} | NOT_MODIFIED | errors(410)
_EVENTS: Responses = {200: {"model": TaskEvent, "description": "Server-sent events; the schema is that of each event."}}
_SINCE = "The sync token: `next_since` of the previous response, or the id of the last event"


@router.get("/changes", response_model=TaskChanges, responses=_CHANGED)
async def list_changes(
    request: Request,
    changes: Changes,
    cached: IfNoneMatch,
    since: Annotated[SyncTokenText, Query(description=f"{_SINCE}; `0` loads everything.")] = "0",
    limit: Annotated[ChangesLimit, Query(description="The maximum number of tasks per page.")] = MAX_PAGE,
) -> Response:
    """List the tasks that have changed since a sync token, oldest change first; deleted tasks are included."""
    token = SyncToken.parse(since)
    if cached and (current := await changes.current_token(token)).revision in cached:
        return not_modified(current.revision)
    return await read_within_memory(request, lambda: changes.page(token, limit), changes_response)


async def resume_token(
    last_event_id: Annotated[
        SyncTokenText | None, Header(alias="Last-Event-ID", description="Takes precedence over `since`.")
    ] = None,
    since: Annotated[
        SyncTokenText | None, Query(description=f"{_SINCE}; without it the stream begins with the next change.")
    ] = None,
) -> SyncToken | None:
    """Parse the sync token to resume from; None for a client's first stream."""
    text = last_event_id or since
    return None if text is None else SyncToken.parse(text)


@router.get("/events", status_code=200, response_class=EventStream, responses=_EVENTS | errors(410, 429))
async def stream_events(
    request: Request,
    owner: Owner,
    changes: Changes,
    broker: Broker,
    since: Annotated[SyncToken | None, Depends(resume_token)],
) -> EventStream:
    """Stream changes as server-sent events while they happen.

    The events are `created`, `updated`, `completed`, `reopened`, `deleted`, `restored` and `erased` (permanently
    deleted). The data of each is the current task, and its id is a sync token, from which a client resumes.
    """
    current = await changes.current_token(since)
    subscription = broker.subscribe(owner, stream_seconds(request), max_connections(request))
    return EventStream(changes, subscription, since or current, broker.intervals.heartbeat)
