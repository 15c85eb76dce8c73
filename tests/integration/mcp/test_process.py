"""The official Python client with a server process, over HTTP and over standard input and output."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any
from uuid import uuid4

import pytest
from mcp import Client, StdioServerParameters

from tests.support.commands import ROOT, assert_one_sentence, invoke, python
from tests.support.mcp_clients import Mode, over_http
from tests.support.programs import eventually
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_SECRET_TEXT = "an intimate thought"


@pytest.fixture(scope="module")
def settings(database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "MCP_SESSION_TOKENS": "true"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("mcp"), "-m", "src", "serve", **settings) as server:
        yield server


async def _call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool; the client compares the result with the schema of the tool."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    content: dict[str, Any] = result.structured_content
    return content


async def _use_every_tool(client: Client) -> None:
    listed = {tool.name for tool in (await client.list_tools()).tools}
    since = (await _call(client, "what_changed"))["next_since"]
    tasks = [{"title": "Buy milk", "due_date": "2026-12-01", "recurrence": "FREQ=DAILY"}, {"title": _SECRET_TEXT}]
    milk, thought = [task["id"] for task in (await _call(client, "add_tasks", tasks=tasks))["tasks"]]
    await _call(client, "update_tasks", tasks=[{"id": milk, "priority": "high", "description": "Two bottles"}])
    assert (await _call(client, "get_task", id=milk))["description"] == "Two bottles"
    assert len((await _call(client, "complete_tasks", ids=[milk]))["next_tasks"]) == 1
    await _call(client, "delete_tasks", ids=[thought])
    await _call(client, "restore_tasks", ids=[thought])
    assert [task["title"] for task in (await _call(client, "list_tasks"))["tasks"]] == ["Buy milk", _SECRET_TEXT]
    assert (await _call(client, "overview"))["completed"] == 1
    assert len((await _call(client, "what_changed", since=since))["tasks"]) == 3
    refused = await client.call_tool("get_task", {"id": "Buy milk"})
    assert refused.is_error
    assert len(listed) == 9


@pytest.mark.req("MCP-FR-001", "MCP-FR-002", "MCP-FR-020", "MCP-FR-032")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_uses_every_tool_over_http(server: Server, mode: Mode) -> None:
    async with over_http(server.url, mint(f"user-{uuid4()}"), mode) as client:
        await _use_every_tool(client)


@pytest.mark.req("MCP-FR-009", "MCP-FR-020")
@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
async def test_the_official_client_uses_every_tool_over_standard_input_and_output(
    tmp_path: Path, settings: dict[str, str], mode: Mode
) -> None:
    environment = {**settings, "MCP_TOKEN": mint(f"user-{uuid4()}"), "PYTHONPATH": str(ROOT)}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "src", "mcp"], env=environment, cwd=str(tmp_path)
    )
    async with Client(command, mode=mode) as client:
        await _use_every_tool(client)


@pytest.mark.req("MCP-FR-009")
@pytest.mark.parametrize(
    ("token", "sentence"),
    [("", "MCP_TOKEN is missing"), ("nonsense", "The API refuses the token in MCP_TOKEN: ")],
)
def test_without_a_valid_token_the_command_exits_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], token: str, sentence: str
) -> None:
    assert_one_sentence(invoke(tmp_path, "mcp", **settings, MCP_TOKEN=token), sentence)


@pytest.mark.req("MCP-FR-009")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_while_standard_input_is_open(
    tmp_path: Path, settings: dict[str, str], number: signal.Signals
) -> None:
    command = python("-m", "src", "mcp", **settings, MCP_TOKEN=mint("somebody"))
    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'
    with Popen(command, cwd=tmp_path, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(ping)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(number)
        assert process.wait(timeout=10)


@pytest.mark.req("MCP-FR-004")
async def test_the_log_has_the_route_and_nothing_of_a_call(server: Server) -> None:
    user_id = f"user-{uuid4()}"
    async with over_http(server.url, mint(user_id)) as client:
        await _use_every_tool(client)
        await client.call_tool("add_tasks", {"tasks": [{"title": _SECRET_TEXT * 20}]})

    def written() -> list[dict[str, Any]]:
        records = [json.loads(line) for line in server.output.splitlines()]
        found = [each for each in records if each.get("user_id") == user_id]
        assert len(found) > 10
        return found

    assert {(each["method"], each["route"], each["status"]) for each in eventually(written)} == {("POST", "/mcp", 200)}
    assert _SECRET_TEXT not in server.output
