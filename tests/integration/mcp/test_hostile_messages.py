"""Messages that no client sends: none is a 5xx, and none changes anything."""

import json
from typing import Any

import pytest

from tests.conftest import User
from tests.support.mcp_agent import VERSIONS, Agent

_VALUES: list[Any] = [
    None,
    True,
    -1,
    2**63,
    2**70,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\ud800",
    "a\x00b",
    "x" * 300_000,
    [],
    {},
    [[]],
    {"a": {"b": [None]}},
    {"\ud800": 1},
]
_ADD = {"name": "add_tasks", "arguments": {"tasks": [{"title": "x"}]}}


def _messages() -> list[dict[str, Any]]:
    """Put each value in the place of each member of a message, one at a time."""
    usual: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": _ADD}
    messages = [usual | {name: value} for name in usual for value in _VALUES if (name, value) != ("id", -1)]
    for value in _VALUES:
        messages += [usual | {"params": _ADD | {name: value}} for name in _ADD]
        messages += [usual | {"params": {"name": "add_tasks", "arguments": {"tasks": value}}}]
        messages += [usual | {"params": {"name": "add_tasks", "arguments": {"tasks": [{"title": value}]}}}]
        messages += [usual | {"params": {"name": "get_task", "arguments": {"id": value}}}]
        messages += [usual | {"params": {"name": "list_tasks", "arguments": {"cursor": value}}}]
        messages += [usual | {"method": "resources/read", "params": {"uri": value}}]
        messages += [usual | {"method": "prompts/get", "params": {"name": value}}]
        if not isinstance(value, dict):  # which would be a stream
            messages += [usual | {"method": "subscriptions/listen", "params": {"notifications": value}}]
        messages += [usual | {"method": "initialize", "params": value}]
        messages += [{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": value}]
    return messages


@pytest.mark.req("MCP-FR-007", "MCP-FR-031")
@pytest.mark.parametrize("version", [*VERSIONS[:2], VERSIONS[-1]])
@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "*/*"])
async def test_no_message_is_a_defect(user: User, agent: Agent, version: str, accept: str) -> None:
    agent.version = version
    for message in _messages():
        params = message.get("params")
        body = message | {"params": agent.with_meta(params)} if isinstance(params, dict) else message
        headers = {**_headers(agent, message), "Accept": accept, "Content-Type": "application/json"}
        response = await agent.http.post("/mcp", content=json.dumps(body), headers=headers)
        assert response.status_code < 500, (response.status_code, json.dumps(body)[:300])
        assert "Traceback" not in response.text
    assert {task["title"] for task in await user.tasks()} <= {"x"}  # of calls whose unusual id is a valid one


def _headers(agent: Agent, message: dict[str, Any]) -> dict[str, str]:
    """Return the headers that fit the message, where its values can be headers."""
    method, params = message.get("method"), message.get("params")
    names = [params[name] for name in ("name", "uri") if name in params] if isinstance(params, dict) else []
    fitting = [str(each) for each in names if isinstance(each, str) and each.isascii() and each.isprintable()]
    headers = agent.headers("ping", {})
    if isinstance(method, str) and method.isascii() and len(method) < 100 and agent.version == VERSIONS[0]:
        headers["Mcp-Method"] = method
        headers |= {"Mcp-Name": fitting[0][:100]} if fitting and fitting[0] else {}
    return headers
