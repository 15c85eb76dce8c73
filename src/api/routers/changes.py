"""The routes for clients that keep a copy of the tasks: what has changed, and what changes now."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response

from src.api.conditions import IfNoneMatch
from src.api.dependencies import Live, Owner, OwnerChanges
from src.api.documentation import errors, headers
from src.api.events import EventStream, connections
from src.api.responses import changes_response, not_modified
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.schemas.changes import ChangesLimit, Since, SinceText, TaskChanges
from src.schemas.task import MAX_PAGE

router = owner_router()

_CHANGED = {200: headers(ETag="The user's revision; none where there is more.")} | NOT_MODIFIED | errors(410)
_SINCE = "`next_since` of the last answer, or the id of the last event"


@router.get("/changes", response_model=TaskChanges, responses=_CHANGED)
async def list_changes(
    changes: OwnerChanges,
    cached: IfNoneMatch,
    since: Annotated[SinceText, Query(description=f"{_SINCE}; `0` loads everything.")] = "0",
    limit: Annotated[ChangesLimit, Query(description="How many tasks at most.")] = MAX_PAGE,
) -> Response:
    """What has changed since, in the order of the changes, with the tasks that are gone: for a copy of all tasks."""
    position = Since.parse(since)
    if cached and (now := await changes.now(position)).revision in cached:
        return not_modified(now.revision)
    return changes_response(await changes.page(position, limit))


async def resumed_from(
    last_event_id: Annotated[SinceText | None, Header(alias="Last-Event-ID", description="Outranks `since`.")] = None,
    since: Annotated[SinceText | None, Query(description=f"{_SINCE}; without it only what comes is sent.")] = None,
) -> Since | None:
    """Where the client's last stream ended, or None where this is the first."""
    text = last_event_id or since
    return None if text is None else Since.parse(text)


@router.get("/events", status_code=200, response_class=EventStream, responses=errors(410, 429))
async def stream_events(
    request: Request,
    owner: Owner,
    changes: OwnerChanges,
    feed: Live,
    since: Annotated[Since | None, Depends(resumed_from)],
) -> EventStream:
    """What changes, as it happens, as server-sent events.

    They are `created`, `updated`, `completed`, `reopened`, `deleted`, `restored` and `erased`, each with the task as it
    is now, and an id from which to resume.
    """
    now = await changes.now(since)
    feed.require_room(owner, connections(request))
    return EventStream(changes, feed, owner, since or now, request.state.expires_at)
