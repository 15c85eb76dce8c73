"""An agent that sends the JSON-RPC of MCP by hand, in the protocol of 2026-07-28 or in one before it."""

from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from tests.conftest import client
from tests.support.tokens import mint

MODERN = "2026-07-28"
VERSIONS = [MODERN, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
NO_TASK = 999_999_999
"""An id that no task of the tests has."""
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
}
_NAMES = {"tools/call": "name", "resources/read": "uri", "prompts/get": "name"}


class Agent:
    """An agent with the token of a user: `await agent.call("list_tasks", status="all")`."""

    def __init__(self, app: FastAPI, user_id: str, version: str = MODERN) -> None:
        self.http = client(app, headers={"Authorization": f"Bearer {mint(user_id)}"})
        self.version = version
        self._ids = count(1)

    async def rpc(self, method: str, **params: Any) -> httpx.Response:
        """Send one request of JSON-RPC."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": self.with_meta(params)}
        return await self.http.post("/mcp", json=body, headers=self.headers(method, params))

    def headers(self, method: str, params: dict[str, Any]) -> dict[str, str]:
        """Return the headers that the protocol wants."""
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": self.version}
        if self.version != MODERN:
            return headers
        name = {"Mcp-Name": str(params[_NAMES[method]])} if method in _NAMES else {}
        return headers | {"Mcp-Method": method} | name

    async def result(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its result, which may be an error."""
        response = await self.rpc("tools/call", name=tool, arguments=arguments)
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()["result"]
        return result

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its structured content."""
        result = await self.result(tool, **arguments)
        assert not result["isError"], result
        content: dict[str, Any] = result["structuredContent"]
        return content

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool that refuses, and return the sentence."""
        result = await self.result(tool, **arguments)
        assert result["isError"], result
        assert "structuredContent" not in result
        return str(result["content"][0]["text"])

    async def titles(self, **filters: Any) -> list[str]:
        """Return the titles that list_tasks lists."""
        return [task["title"] for task in (await self.call("list_tasks", **filters))["tasks"]]

    def with_meta(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add what a request of the protocol of 2026-07-28 says of its client."""
        return params | ({"_meta": _META} if self.version == MODERN else {})
