"""The official TypeScript client of MCP with a server process."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from uuid import uuid4

import pytest

from src.development.npm import npm_ci
from tests.e2e.better_auth_server import needs_node
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

pytestmark = needs_node

_FOLDER = Path(__file__).parent / "mcp_client"
_SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    npm_ci(_FOLDER)
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "MCP_SESSION_TOKENS": "true"}
    with Server(tmp_path_factory.mktemp("mcp-client"), "-m", "src", "serve", **settings) as server:
        yield server


@pytest.mark.req("MCP-FR-001", "MCP-FR-020", "MCP-FR-031", "MCP-FR-032", "MCP-FR-070", "MCP-FR-073")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_uses_every_tool(server: Server, mode: str) -> None:
    options = {"url": f"{server.url}/mcp", "token": mint(f"user-{uuid4()}"), "mode": mode}
    command = ["node", "use_every_tool.mjs", json.dumps(options)]
    ended = await asyncio.to_thread(
        run, command, cwd=_FOLDER, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert len(seen["tools"]) == 9
    assert seen["called"] == seen["tools"]
    assert (seen["titles"], seen["description"], seen["completed"]) == (["Call Ann", "Buy milk"], "Two bottles", 1)
    assert 'Call it like this: get_task({"id": 42})' in seen["refusal"]
    assert (seen["resources"], seen["resource"], seen["prompts"]) == (1, "Buy milk", 2)
