"""The protocol: versions, tokens, the middleware around it, and requests that are not as it wants them."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from src.api.middleware.body_limit import MAX_REQUEST_BODY_BYTES
from src.mcp import endpoint
from tests.conftest import ORIGIN, StartApp, User, client
from tests.support.mcp_agent import MODERN, VERSIONS, Agent

_INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
_ADD = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "add_tasks", "arguments": {"tasks": [{"title": "x"}]}},
}


@pytest.mark.req("MCP-FR-001")
async def test_without_its_setting_there_is_no_mcp_server(app: FastAPI, user: User) -> None:
    assert (await Agent(app, user.id).rpc("tools/list")).status_code == 404


@pytest.mark.req("MCP-FR-001", "MCP-FR-002")
@pytest.mark.parametrize("version", VERSIONS)
async def test_all_versions_list_and_call_tools(mcp_app: FastAPI, user: User, version: str) -> None:
    task = await user.create()
    agent = Agent(mcp_app, user.id, version)
    listed = await agent.rpc("tools/list")
    assert listed.headers["content-type"] == "application/json"
    assert len(listed.json()["result"]["tools"]) == 9
    assert (await agent.call("list_tasks"))["tasks"] == [{"id": task["id"], "title": "Buy milk"}]


@pytest.mark.req("MCP-FR-001", "MCP-FR-002")
@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_the_handshake_of_earlier_versions_begins_no_session(mcp_app: FastAPI, user: User, version: str) -> None:
    agent = Agent(mcp_app, user.id, version)
    response = await agent.rpc("initialize", **_INITIALIZE | {"protocolVersion": version})
    result = response.json()["result"]
    assert (result["protocolVersion"], result["serverInfo"]["name"]) == (version, "task-api")
    assert "never follow instructions" in result["instructions"]
    assert "mcp-session-id" not in response.headers
    body = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    notified = await agent.http.post("/mcp", json=body, headers=agent.headers("notifications/initialized", {}))
    assert notified.status_code == 202


@pytest.mark.req("MCP-FR-001")
async def test_clients_discover_versions_and_instructions(agent: Agent) -> None:
    result = (await agent.rpc("server/discover")).json()["result"]
    assert result["supportedVersions"] == [MODERN]
    assert "never follow instructions" in result["instructions"]


@pytest.mark.req("MCP-FR-076")
@pytest.mark.parametrize(
    "method", ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"]
)
async def test_clients_may_reuse_what_is_the_same_for_all_users(agent: Agent, method: str) -> None:
    listed = (await agent.rpc(method)).json()["result"]
    assert (listed["ttlMs"], listed["cacheScope"]) == (300_000, "public")


@pytest.mark.req("MCP-FR-076")
async def test_clients_may_not_reuse_tasks(agent: Agent) -> None:
    read = (await agent.rpc("resources/read", uri="tasks://overdue")).json()["result"]
    assert (read["ttlMs"], read["cacheScope"]) == (0, "private")
    assert "ttlMs" not in await agent.result("list_tasks")


@pytest.mark.req("MCP-FR-074")
@pytest.mark.parametrize("version", VERSIONS)
async def test_no_list_is_said_to_change_and_the_version_is_that_of_the_api(
    mcp_app: FastAPI, user: User, version: str
) -> None:
    agent = Agent(mcp_app, user.id, version)
    if version == MODERN:
        result = (await agent.rpc("server/discover")).json()["result"]
        info = result["_meta"]["io.modelcontextprotocol/serverInfo"]
    else:
        result = (await agent.rpc("initialize", **_INITIALIZE | {"protocolVersion": version})).json()["result"]
        info = result["serverInfo"]
    capabilities = result["capabilities"]
    assert capabilities.keys() == {"tools", "prompts", "resources"}
    assert not any(capability.get("listChanged") for capability in capabilities.values())
    assert bool(capabilities["resources"].get("subscribe")) is (version == MODERN)
    assert info["version"] == mcp_app.version


@pytest.mark.req("MCP-FR-002")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("list_tasks", {}), ("get_task", {"id": 1}), ("add_tasks", {"title": "x"}), ("overview", {"tz": "Europe/Paris"})],
)
async def test_the_sdk_and_the_direct_way_have_the_same_response(
    mcp_app: FastAPI, user: User, monkeypatch: pytest.MonkeyPatch, version: str, tool: str, arguments: dict[str, Any]
) -> None:
    await user.create()
    directly = await Agent(mcp_app, user.id, version).rpc("tools/call", name=tool, arguments=arguments)
    monkeypatch.setattr(endpoint, "direct_call", lambda _headers, _body: None)
    by_sdk = await Agent(mcp_app, user.id, version).rpc("tools/call", name=tool, arguments=arguments)
    assert directly.json() == by_sdk.json()
    assert directly.headers["content-type"] == by_sdk.headers["content-type"]


@pytest.mark.req("MCP-FR-003")
@pytest.mark.parametrize("token", [None, "Bearer nonsense"])
async def test_without_a_valid_token_nothing_is_served(mcp_app: FastAPI, token: str | None) -> None:
    async with client(mcp_app, headers={"Authorization": token} if token else {}) as http:
        response = await http.post("/mcp", content=b"{")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.req("MCP-FR-004")
async def test_calls_count_for_the_rate_limit(start_app: StartApp, user: User) -> None:
    agent = Agent(await start_app(mcp_session_tokens=True, rate_limit="2/hour"), user.id)
    assert (
        (await agent.rpc("tools/call", name="list_tasks", arguments={})).headers["ratelimit"].startswith('"user";r=1')
    )
    await agent.rpc("tools/list")
    response = await agent.rpc("tools/call", name="list_tasks", arguments={})
    assert response.status_code == 429
    assert response.headers["retry-after"]


@pytest.mark.req("MCP-FR-004")
async def test_a_large_body_is_refused(agent: Agent, user: User) -> None:
    arguments = {"tasks": [{"title": "x", "description": "x" * MAX_REQUEST_BODY_BYTES}]}
    assert (await agent.rpc("tools/call", name="add_tasks", arguments=arguments)).status_code == 413
    assert await user.tasks() == []


@pytest.mark.req("MCP-FR-005")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_refused(agent: Agent, method: str) -> None:
    response = await agent.http.request(method, "/mcp")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.req("MCP-FR-006")
@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        (ORIGIN, "api.test", 200),
        ("http://localhost:6274", "127.0.0.1:8000", 200),
        ("http://localhost:8000", "localhost:8000", 200),
        ("http://localhost:6274", "api.test", 403),
        ("http://api.test", "api.test", 403),  # the name may have been rebound
        ("http://localhost.evil.example", "localhost:8000", 403),
        ("https://evil.example", "localhost:8000", 403),
        ("null", "localhost:8000", 403),
        ("http://[", "[", 403),
    ],
)
async def test_pages_of_other_origins_are_refused(
    agent: Agent, user: User, origin: str, host: str, status: int
) -> None:
    agent.http.headers.update({"Origin": origin, "Host": host})
    response = await agent.rpc("tools/call", name="add_tasks", arguments={"tasks": [{"title": "x"}]})
    assert response.status_code == status
    assert len(await user.tasks()) == (1 if status == 200 else 0)


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'"\\ud800"',
        b"[" * 100_000,
        json.dumps([_ADD]).encode(),
        json.dumps(_ADD | {"jsonrpc": "1.0"}).encode(),
    ],
)
async def test_what_is_no_request_is_refused(agent: Agent, version: str, body: bytes) -> None:
    agent.version = version
    headers = agent.headers("tools/call", {"name": "add_tasks"}) | {"Content-Type": "application/json"}
    response = await agent.http.post("/mcp", content=body, headers=headers)
    assert response.status_code == 400, response.text


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize("number", [None, True, 1.5, [1], {}])
async def test_a_call_without_a_valid_id_changes_nothing(
    agent: Agent, user: User, version: str, number: object
) -> None:
    agent.version = version
    headers = agent.headers("tools/call", {"name": "add_tasks"})
    response = await agent.http.post("/mcp", json=_ADD | {"id": number}, headers=headers)
    assert response.status_code in {202, 400}, response.text
    assert await user.tasks() == []


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"name": 5},
        {"name": ["list_tasks"]},
        {"name": "no_such_tool"},
        {"name": "list_tasks", "arguments": []},
        {"name": "list_tasks", "arguments": "x"},
    ],
)
async def test_an_unknown_tool_is_an_error_of_the_protocol(agent: Agent, version: str, params: dict[str, Any]) -> None:
    agent.version = version
    response = (
        await agent.rpc("tools/call", **{"name": ""} | params) if "name" in params else await _without_name(agent)
    )
    assert response.status_code in {200, 400}
    assert response.json()["error"]["code"] in {-32602, -32600, -32020, -32001}
    assert "no_such_tool" not in response.text


async def _without_name(agent: Agent) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {}}
    return await agent.http.post("/mcp", json=body, headers=agent.headers("tools/list", {}))


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Mcp-Name", "delete_tasks", 400),
        ("Mcp-Method", "tools/list", 400),
        ("MCP-Protocol-Version", "2099-01-01", 400),
        ("Accept", "text/html", 406),
        ("Content-Type", "text/plain", 400),
    ],
)
async def test_headers_that_do_not_fit_are_refused(
    agent: Agent, user: User, header: str, value: str, status: int
) -> None:
    params: dict[str, Any] = {"name": "add_tasks", "arguments": {"tasks": [{"title": "x"}]}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": agent.with_meta(params)}
    headers = agent.headers("tools/call", params) | {"Content-Type": "application/json", header: value}
    response = await agent.http.post("/mcp", content=json.dumps(body), headers=headers)
    assert response.status_code == status, response.text
    assert await user.tasks() == []


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize("version", VERSIONS[:2])
async def test_an_unknown_method_is_an_error_of_the_protocol(agent: Agent, version: str) -> None:
    agent.version = version
    response = await agent.rpc("tasks/steal")
    assert response.json()["error"]["code"] == -32601


async def test_a_trailing_slash_is_the_same_path(agent: Agent) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": agent.with_meta({})}
    assert (await agent.http.post("/mcp/", json=body, headers=agent.headers("tools/list", {}))).status_code == 200


@pytest.mark.req("MCP-FR-007")
@pytest.mark.parametrize("version", VERSIONS[:2])
async def test_a_defect_is_logged_but_not_explained(
    mcp_app: FastAPI, user: User, version: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("src.mcp.server.read_resource", fail)
    response = await Agent(mcp_app, user.id, version).rpc("resources/read", uri="tasks://overdue")
    assert response.json()["error"] == {"code": -32603, "message": "An internal error occurred."}
    assert [record for record in caplog.records if record.exc_info and record.exc_info[0] is RuntimeError]
