"""Calls that are wrong: the agent reads a sentence that says how to call the tool, and nothing changes."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.conftest import User
from tests.support.mcp_agent import NO_TASK, VERSIONS, Agent

_MISUSES: list[tuple[str, dict[str, Any], str]] = [
    ("list_tasks", {"completed": True}, "'completed' is unknown; the arguments are tz, status, search"),
    ("list_tasks", {"status": "nonsense"}, "'status' must be 'all', 'pending'"),
    ("list_tasks", {"sort": "relevance"}, "sort=relevance needs a search"),
    ("list_tasks", {"cursor": "nonsense"}, "take it from 'next_cursor' of the previous page"),
    ("list_tasks", {"due_before": "tomorrow"}, "'due_before' must be a day (2026-12-01)"),
    ("list_tasks", {"due_before": "2026-12-01T09:00"}, "call again with 'tz'"),
    ("list_tasks", {"tz": "Mars"}, "'tz' must be a time zone of the IANA database"),
    ("list_tasks", {"search": "a\x00b"}, "'search' must not contain NUL"),
    ("get_task", {}, 'Call it like this: get_task({"id": 42})'),
    ("get_task", {"id": NO_TASK}, "take ids from list_tasks"),
    ("get_task", {"id": 2**63}, "'id' must be less than or equal to"),
    ("get_task", {"id": "Buy milk"}, "'id' must be a valid integer"),
    ("add_tasks", {"title": "Buy milk"}, 'Call it like this: add_tasks({"tasks": [{"title": "Buy milk"'),
    ("add_tasks", {"tasks": '[{"title": "x"}]'}, "'tasks' must be an array"),
    ("add_tasks", {"tasks": []}, "'tasks' must have at least 1 item"),
    ("add_tasks", {"tasks": [{"title": ""}]}, "'tasks.0.title' must have at least 1 character"),
    ("add_tasks", {"tasks": [{"titel": "x"}]}, "'tasks.0.titel' is unknown"),
    ("add_tasks", {"tasks": [{"title": "x", "due_date": "next week"}]}, "'tasks.0.due_date' must be a day"),
    ("add_tasks", {"tasks": [{"title": "x"}], "user_id": "somebody-else"}, "'user_id' is unknown"),
    ("update_tasks", {"tasks": [{"title": "x"}]}, "'tasks.0.id' is missing"),
    ("update_tasks", {"tasks": [{"id": NO_TASK, "title": "x"}]}, f"Task {NO_TASK}: There is no such task"),
    ("update_tasks", {"tasks": [{"id": NO_TASK, "title": "x"}, {"id": NO_TASK, "title": "y"}]}, f"repeated: {NO_TASK}"),
    ("complete_tasks", {"ids": 42}, "'ids' must be an array"),
    ("complete_tasks", {"ids": ["Buy milk"]}, "'ids.0' must be a valid integer"),
    ("complete_tasks", {"ids": [NO_TASK, NO_TASK]}, f"repeated: {NO_TASK}"),
    ("delete_tasks", {"ids": [NO_TASK]}, f"Task {NO_TASK}: There is no such task"),
    ("delete_tasks", {"ids": [], "idempotency_key": ""}, "'idempotency_key' must be 1 to 255"),
    ("restore_tasks", {"ids": [1, NO_TASK]}, f"Task {NO_TASK}: There is no such task"),
    ("overview", {"timezone": "Europe/Paris"}, "'timezone' is unknown; the arguments are tz"),
    ("what_changed", {"since": "yesterday"}, "'since' must be a 'next_since'"),
    ("what_changed", {"since": "999999999999999999"}, "call what_changed without 'since'"),
]


@pytest.mark.req("MCP-FR-031")
@pytest.mark.parametrize(("tool", "arguments", "expected"), _MISUSES)
async def test_a_wrong_call_is_refused_with_how_to_call_the_tool(
    user: User, agent: Agent, tool: str, arguments: dict[str, Any], expected: str
) -> None:
    task = await user.create()
    assert expected in await agent.refusal(tool, **arguments)
    assert await user.revision() == task["revision"]


@pytest.mark.req("MCP-FR-031")
async def test_a_sentence_does_not_repeat_a_long_name(agent: Agent) -> None:
    assert len(await agent.refusal("overview", **{"x" * 100_000: 1, "y" * 100_000: 2})) < 1000


@pytest.mark.req("MCP-FR-031")
@pytest.mark.parametrize("version", VERSIONS[1:3])
async def test_earlier_versions_read_the_same_sentence(mcp_app: FastAPI, user: User, version: str) -> None:
    agent = Agent(mcp_app, user.id, version)
    assert "'ids' must be an array" in await agent.refusal("delete_tasks", ids="all")


@pytest.mark.req("MCP-FR-031")
async def test_many_errors_are_a_short_sentence(agent: Agent) -> None:
    text = await agent.refusal("add_tasks", tasks=[{"nonsense": "hunter2" * 1000}] * 100)
    assert len(text) < 1000
    assert "hunter2" not in text
