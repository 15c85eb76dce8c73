"""The conformance suite of MCP and the command line of its Inspector, with server processes."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, STDOUT, run
from uuid import uuid4

import pytest

from src.development.npm import npm_ci
from tests.e2e.better_auth_server import needs_node
from tests.support.commands import IN_CI
from tests.support.mcp_agent import VERSIONS
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_HOME = Path(__file__).parent / "mcp_conformance"
_PROGRAMS = _HOME / "node_modules/.bin"
_SECONDS = 120
_PATH = os.environ["PATH"]  # noqa: TID251 - programs are found by it

pytestmark = [
    needs_node,
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" and not IN_CI, reason="The Node.js 22 of package-lock.json is that of Linux."
    ),
]

type Serve = Callable[[str], Server]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Serve]:
    """Return a function that serves with `python -m` and the name of a program."""
    npm_ci(_HOME)
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "MCP_SESSION_TOKENS": "true"}
    with ExitStack() as stack:
        servers: dict[str, Server] = {}

        def serve(program: str) -> Server:
            if program not in servers:
                server = Server(tmp_path_factory.mktemp("mcp"), "-m", program, "serve", RATE_LIMIT="off", **settings)
                servers[program] = stack.enter_context(server)
            return servers[program]

        yield serve


@pytest.mark.req("MCP-FR-001", "MCP-FR-075")
@pytest.mark.parametrize("version", VERSIONS[:3])  # the suite has nothing for earlier ones
@pytest.mark.parametrize(
    ("program", "expected_failures"),
    [("src", "without_fixtures.yml"), ("tests.support.mcp_conformance", "with_fixtures.yml")],
)
def test_the_scenarios_of_the_conformance_suite_pass(
    serve: Serve, tmp_path: Path, program: str, expected_failures: str, version: str
) -> None:
    scenarios = ["--suite", "all", "--spec-version", version, "--expected-failures", expected_failures]
    arguments = ["server", "--url", f"{serve(program).url}/mcp", "--output-dir", str(tmp_path), *scenarios]
    authorized = {"NODE_OPTIONS": f"--import {_HOME}/authorize.mjs", "MCP_TOKEN": mint(f"user-{uuid4()}")}
    output = _run(tmp_path, "conformance", *arguments, **authorized)
    assert "Baseline check passed" in output, output


@pytest.mark.req("MCP-FR-001", "MCP-FR-020", "MCP-FR-070", "MCP-FR-073")
def test_the_inspector_uses_tools_resources_and_prompts(serve: Serve, tmp_path: Path) -> None:
    header = f"Authorization: Bearer {mint(f'user-{uuid4()}')}"
    server = ["--cli", f"{serve('src').url}/mcp", "--transport", "http", "--header", header]

    def inspect(method: str, *options: str) -> str:
        return _run(tmp_path, "mcp-inspector", *server, "--method", method, *options)

    assert '"name": "what_changed"' in inspect("tools/list", "--strict")
    tasks = json.dumps([{"title": "Buy milk", "due_date": "2026-01-01"}])
    assert '"title": "Buy milk"' in inspect("tools/call", "--tool-name", "add_tasks", "--tool-arg", f"tasks={tasks}")
    assert "Buy milk" in inspect("resources/read", "--uri", "tasks://overdue")
    assert "tasks://{id}" in inspect("resources/templates/list")
    assert "Plan my day." in inspect("prompts/get", "--prompt-name", "plan_my_day")


def _run(home: Path, program: str, *arguments: str, **environment: str) -> str:
    """Run a program of the packages by the Node.js among them; it stores what it wants to in `home`."""
    variables = {"HOME": str(home), "PATH": f"{_PROGRAMS}:{_PATH}"} | environment
    command = [program, *arguments]
    ended = run(command, cwd=_HOME, env=variables, stdout=PIPE, stderr=STDOUT, text=True, check=False, timeout=_SECONDS)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
