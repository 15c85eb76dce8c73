"""The caller of a request: the owner, by its verified token, and how long a subscription may last."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from mcp.server.context import ServerRequestContext

from src.services.owner import OwnerId

type Context = ServerRequestContext[Any, Any]
"""The context of a request, as the SDK hands it to handlers."""


class Caller(NamedTuple):
    """The owner, the seconds for which a subscription may last, and how many connections this process accepts."""

    owner: OwnerId
    seconds: float
    connections: int


type FindCaller = Callable[[Context, str], Awaitable[Caller]]
"""Finds the caller of a request, and raises `MCPError` unless its token has a scope."""
