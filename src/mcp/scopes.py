"""The scope that an OAuth client needs for a request of MCP."""

from typing import Any

from starlette.datastructures import State

from src.errors.client import READ
from src.mcp.tools import TOOLS

_READS = frozenset({"resources/read", "resources/subscribe", "subscriptions/listen"})


def has_scope(state: State, scope: str) -> bool:
    """Whether the token of a request has a scope; that of a session may do all that its user may do."""
    scopes: frozenset[str] | None = state.scopes
    return scopes is None or scope in scopes


def needed_scope(message: dict[str, Any]) -> str | None:
    """Return the scope for a message of JSON-RPC; None if it neither reads nor changes tasks."""
    method, params = message.get("method"), message.get("params")
    if method == "tools/call":
        name = params.get("name") if isinstance(params, dict) else None
        tool = TOOLS.get(name) if isinstance(name, str) else None
        return None if tool is None else tool.scope
    return READ if isinstance(method, str) and method in _READS else None
