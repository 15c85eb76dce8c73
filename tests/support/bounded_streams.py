"""`python -m src` with event streams that end after a moment, for clients that read them to their end."""

from contextlib import AbstractContextManager
from unittest.mock import patch

from src.cli import command_line
from src.services.owner import OwnerId
from src.services.sync.registry import SubscriptionRegistry
from src.services.sync.subscription import Subscription

_SECONDS = 0.1
_subscribe = SubscriptionRegistry.subscribe


def _subscribe_briefly(
    registry: SubscriptionRegistry, owner: OwnerId, seconds: float, connections: int
) -> AbstractContextManager[Subscription]:
    return _subscribe(registry, owner, min(seconds, _SECONDS), connections)


if __name__ == "__main__":
    with patch.object(SubscriptionRegistry, "subscribe", _subscribe_briefly):
        command_line()()
