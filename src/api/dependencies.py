"""What handlers ask for. Asking for `Tasks` checks the owner."""

from typing import Annotated

from fastapi import Depends, Path, Request

from src.errors import NotYourPath, ServiceUnavailable
from src.services.changes import ChangeService
from src.services.feed import Feed
from src.services.overview import OverviewService
from src.services.owner import OwnerId
from src.services.readiness import Readiness
from src.services.task_service import TaskService


class Stopping(ServiceUnavailable):
    """The process was told to end; another one answers, or will."""

    detail = "The service is stopping."


UserId = Annotated[str, Path(description="The user id of Better Auth: `sub` of the access token.")]


async def require_owner(request: Request, user_id: UserId) -> OwnerId:
    """Proof that the path's user is the token's user; the one place that makes an `OwnerId`.

    Raises:
        NotYourPath: It is somebody else's path.
    """
    if user_id != request.state.user_id:
        raise NotYourPath
    return OwnerId(user_id)


Owner = Annotated[OwnerId, Depends(require_owner)]


async def task_service(request: Request, owner: Owner) -> TaskService:
    """The tasks of the path's user."""
    return TaskService(request.app.state.database, owner, request.app.state.feed.announce)


async def overview_service(request: Request, owner: Owner) -> OverviewService:
    """What the path's user has, counted."""
    return OverviewService(request.app.state.database, owner)


async def owner_changes(request: Request, owner: Owner) -> ChangeService:
    """The changes of the path's user."""
    return ChangeService(request.app.state.database, owner)


async def live_feed(request: Request) -> Feed:
    """What wakes those who wait for changes."""
    feed: Feed = request.app.state.feed
    return feed


async def readiness(request: Request) -> Readiness:
    """Whether requests can be served.

    Raises:
        Stopping: Not for long, as the process was told to end.
    """
    if request.app.state.shutdown.is_set():
        raise Stopping
    return Readiness(request.app.state.database)


Tasks = Annotated[TaskService, Depends(task_service)]
Overview = Annotated[OverviewService, Depends(overview_service)]
Live = Annotated[Feed, Depends(live_feed)]
OwnerChanges = Annotated[ChangeService, Depends(owner_changes)]
Ready = Annotated[Readiness, Depends(readiness)]
