"""The descriptions of the tools: their schemas and annotations."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.mcp_agent import Agent


@pytest.mark.req("MCP-FR-020")
async def test_the_tools_are_listed_with_schemas_and_annotations(agent: Agent) -> None:
    tools = {tool["name"]: tool for tool in (await agent.rpc("tools/list")).json()["result"]["tools"]}
    reading = {"list_tasks", "get_task", "overview", "what_changed"}
    assert tools.keys() == reading | {
        "add_tasks",
        "update_tasks",
        "complete_tasks",
        "delete_tasks",
        "restore_tasks",
    }
    assert {name for name, tool in tools.items() if tool["annotations"]["readOnlyHint"]} == reading
    destructive = {name for name, tool in tools.items() if tool["annotations"]["destructiveHint"]}
    assert destructive == {"update_tasks", "delete_tasks"}
    assert not tools["add_tasks"]["annotations"]["idempotentHint"]
    assert all(tool["outputSchema"]["type"] == tool["inputSchema"]["type"] == "object" for tool in tools.values())
    assert not any("user" in name for tool in tools.values() for name in tool["inputSchema"]["properties"])


@pytest.mark.req("MCP-FR-036")
async def test_the_list_of_tools_has_less_than_7000_tokens(agent: Agent) -> None:
    """Count a token for each 3.2 characters, as for the list of 50 tasks."""
    tools = (await agent.rpc("tools/list")).json()["result"]["tools"]
    assert len(json.dumps(tools, separators=(",", ":"))) / 3.2 < 7000


@pytest.mark.req("MCP-FR-020")
async def test_the_schemas_have_nothing_that_hosts_refuse(agent: Agent) -> None:
    """The API of Gemini refuses all tools if one has a format that it does not know, or null in an enumeration."""
    tools = (await agent.rpc("tools/list")).json()["result"]["tools"]
    schemas = list(_schemas([tool["inputSchema"] for tool in tools]))
    assert len(schemas) > 50
    assert not [each for each in schemas if isinstance(each.get("format"), str)]
    assert not [each for each in schemas if isinstance(each.get("enum"), list) and None in each["enum"]]


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Yield each object inside a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _schemas(inner)
