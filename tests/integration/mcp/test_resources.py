"""Resources and prompts, by JSON-RPC."""

import json
from typing import Any

import pytest

from src.mcp.arguments import MAX_TASKS
from tests.conftest import User
from tests.support.mcp_agent import NO_TASK, VERSIONS, Agent


async def _read(agent: Agent, uri: str) -> Any:
    response = await agent.rpc("resources/read", uri=uri)
    assert response.status_code == 200, response.text
    [content] = response.json()["result"]["contents"]
    assert (content["uri"], content["mimeType"]) == (uri, "application/json")
    return json.loads(content["text"])


@pytest.mark.req("MCP-FR-070")
@pytest.mark.parametrize("version", VERSIONS[:2])
async def test_resources_are_listed_and_read(user: User, agent: Agent, version: str) -> None:
    agent.version = version
    late = await user.create("Late", due_date="2026-01-02", description="Two bottles")
    await user.create("Not late", due_date="2099-01-01")
    later = await user.create("Late, too", due_date="2026-01-03")
    [listed] = (await agent.rpc("resources/list")).json()["result"]["resources"]
    [template] = (await agent.rpc("resources/templates/list")).json()["result"]["resourceTemplates"]
    assert (listed["uri"], template["uriTemplate"]) == ("tasks://overdue", "tasks://{id}")
    overdue = (await _read(agent, "tasks://overdue"))["tasks"]
    assert [task["id"] for task in overdue] == [late["id"], later["id"]]
    assert await _read(agent, f"tasks://{late['id']}") == late
    assert await _read(agent, f"tasks://uid:{late['uid']}") == late


@pytest.mark.req("MCP-FR-070", "MCP-FR-040")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(
    "uri",
    ["", "tasks://", "tasks://today", f"tasks://{NO_TASK}", "tasks://-1", "file:///etc/passwd", "tasks://1/2", "42"],
)
async def test_what_is_no_resource_is_an_error(agent: Agent, version: str, uri: str) -> None:
    agent.version = version
    response = await agent.rpc("resources/read", uri=uri)
    error = response.json()["error"]
    assert (error["code"], error["data"]) == (-32602, {"uri": uri})
    assert response.status_code == (400 if version == VERSIONS[0] else 200)


@pytest.mark.req("MCP-FR-040")
async def test_a_task_of_another_user_is_no_resource(user: User, other_agent: Agent) -> None:
    task = await user.create(due_date="2026-01-01")
    for uri in (f"tasks://{task['id']}", f"tasks://uid:{task['uid']}"):
        assert "error" in (await other_agent.rpc("resources/read", uri=uri)).json()
    assert await _read(other_agent, "tasks://overdue") == {"tasks": []}


@pytest.mark.req("MCP-FR-073")
@pytest.mark.parametrize("version", VERSIONS[:2])
async def test_prompts_are_listed_and_got(agent: Agent, version: str) -> None:
    agent.version = version
    prompts = (await agent.rpc("prompts/list")).json()["result"]["prompts"]
    assert [prompt["name"] for prompt in prompts] == ["plan_my_day", "weekly_review"]
    for prompt in prompts:
        [message] = (await agent.rpc("prompts/get", name=prompt["name"])).json()["result"]["messages"]
        assert message["role"] == "user"
        assert "Change nothing before I agree" in message["content"]["text"]
    assert (await agent.rpc("prompts/get", name="no_such_prompt")).json()["error"]["code"] == -32602


@pytest.mark.req("MCP-FR-071")
@pytest.mark.parametrize("uris", [["file:///etc/passwd"], ["tasks://1"] * (MAX_TASKS + 1)])
async def test_a_subscription_to_what_is_no_resource_is_refused(agent: Agent, uris: list[str]) -> None:
    response = await agent.rpc("subscriptions/listen", notifications={"resourceSubscriptions": uris})
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32602)


@pytest.mark.req("MCP-FR-071")
async def test_versions_before_2026_07_28_have_no_subscriptions(agent: Agent) -> None:
    agent.version = VERSIONS[1]
    response = await agent.rpc("resources/subscribe", uri="tasks://overdue")
    assert response.json()["error"]["code"] == -32601
