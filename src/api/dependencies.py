"""Dependencies of the handlers. Those that give access to an owner's data require the owner."""

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import State

from src.api.time_zone import named_zone
from src.auth.identity import Identity
from src.errors.client import PathNotFound, UserMismatch
from src.errors.server import ShuttingDown
from src.services.overview.service import OverviewService
from src.services.owner import OwnerId
from src.services.readiness import check_readiness
from src.services.settings.service import SettingsService
from src.services.sync.broker import ChangeBroker
from src.services.sync.changes import ChangeService
from src.services.tasks.service import TaskService

if TYPE_CHECKING:
    from src.app.components import Components


UserId = Annotated[str, Path(description="The user id of Better Auth: `sub` of the access token.")]

_NO_USER = re.compile(r"(?i:v)\d+(\.\d+)*|tasks|settings|stats|tags", re.ASCII)
"""Path segments that are no user id: versions and resources, which wrong paths have in its place."""


def components(request: Request) -> "Components":
    """Return the components of the application that serves the request."""
    found: Components = request.app.state.components
    return found


def token_owner(verified: Identity | State) -> OwnerId:
    """Return the user of a verified token as an `OwnerId`, which nothing else makes.

    Args:
        verified: What the verifier returned, or the state of a request that has passed `JWTAuthMiddleware`.
    """
    return OwnerId(verified.user_id)


async def require_owner(request: Request, user_id: UserId) -> OwnerId:
    """Return the token's user as an `OwnerId`, if the path names the same user.

    Raises:
        UserMismatch: The path names another user.
        PathNotFound: What the path has there is no user id, as in `/api/v1/tasks` and `/api/tasks/settings`.
    """
    owner = token_owner(request.state)
    if user_id != owner:
        raise PathNotFound if _NO_USER.fullmatch(user_id) else UserMismatch
    return owner


Owner = Annotated[OwnerId, Depends(require_owner)]


async def task_service(request: Request, owner: Owner) -> TaskService:
    """Return the service for the owner's tasks."""
    shared = components(request)
    return TaskService(shared.database, owner, shared.broker.publish, partial(named_zone, request), shared.quota)


async def overview_service(request: Request, owner: Owner) -> OverviewService:
    """Return the service for counts of the owner's tasks."""
    return OverviewService(components(request).database, owner, partial(named_zone, request))


async def settings_service(request: Request, owner: Owner) -> SettingsService:
    """Return the service for the owner's settings."""
    return SettingsService(components(request).database, owner)


async def change_service(request: Request, owner: Owner) -> ChangeService:
    """Return the service for changes of the owner's tasks."""
    return ChangeService(components(request).database, owner)


async def change_broker(request: Request) -> ChangeBroker:
    """Return the broker of changes."""
    return components(request).broker


async def require_ready(request: Request) -> None:
    """Let the request pass only if the process can serve others, too.

    Raises:
        ShuttingDown: The process is shutting down.
        ServiceUnavailable: The database is unavailable, or its schema too old.
    """
    shared = components(request)
    if shared.shutdown.is_set():
        raise ShuttingDown
    await check_readiness(shared.database)


Tasks = Annotated[TaskService, Depends(task_service)]
Settings = Annotated[SettingsService, Depends(settings_service)]
Overview = Annotated[OverviewService, Depends(overview_service)]
Broker = Annotated[ChangeBroker, Depends(change_broker)]
Changes = Annotated[ChangeService, Depends(change_service)]
