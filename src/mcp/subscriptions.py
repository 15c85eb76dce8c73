"""Subscriptions to resources: a stream that notifies of changes of the owner's tasks while they happen."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import (
    INVALID_PARAMS,
    ResourceUpdatedNotification,
    ResourceUpdatedNotificationParams,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenResult,
)

from src.errors.client import SyncExpired
from src.mcp.arguments import MAX_TASKS
from src.mcp.caller import Context
from src.mcp.resources import OVERDUE, task_of
from src.mcp.results import names
from src.services.sync.changes import Change, ChangeService
from src.services.sync.subscription import Subscription


async def listen(
    context: Context,
    wanted: SubscriptionFilter,
    changes: ChangeService,
    subscription: Subscription,
    heartbeat: float,
) -> SubscriptionsListenResult:
    """Acknowledge the resources in `wanted`, and then notify of each change of one, until the subscription ends.

    Nothing else in `wanted` is acknowledged, because no list changes. Clients read the resource again; a change that
    came before the acknowledgement is not notified.

    Raises:
        MCPError: A URI names no resource, or there are too many.
    """
    uris = _checked(wanted.resource_subscriptions or [])
    meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: context.request_id}
    since = await changes.current_token()
    honored = SubscriptionFilter(resource_subscriptions=uris or None)
    acknowledged = SubscriptionsAcknowledgedNotificationParams(notifications=honored, meta=meta)
    await _notify(context, SubscriptionsAcknowledgedNotification(params=acknowledged))
    with suppress(SyncExpired):
        async for page in changes.follow(since, subscription, heartbeat):
            for uri in _updated(uris, page):
                updated = ResourceUpdatedNotificationParams(uri=uri, meta=meta)
                await _notify(context, ResourceUpdatedNotification(params=updated))
    return SubscriptionsListenResult(meta=meta)


async def _notify(
    context: Context, notification: SubscriptionsAcknowledgedNotification | ResourceUpdatedNotification
) -> None:
    await context.session.send_notification(notification, related_request_id=context.request_id)


def _checked(uris: list[str]) -> list[str]:
    if len(uris) > MAX_TASKS:
        raise MCPError(INVALID_PARAMS, f"A subscription has at most {MAX_TASKS} resources.")
    for uri in uris:
        task_of(uri)
    return uris


def _updated(uris: Iterable[str], page: list[Change]) -> Iterator[str]:
    """Yield the URIs that a page of changes concerns; any change may be one of the overdue tasks."""
    changed = {name for change in page for name in names(change.json)}
    yield from (uri for uri in uris if changed and (uri == OVERDUE or task_of(uri) in changed))
