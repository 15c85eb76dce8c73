"""The API without the package of the MCP server, which is optional."""

from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.tokens import SECRET

_START = """
import sys
from src.app import create_app
from src.config import load_settings

for serves_agents in (False, True):
    app = create_app(load_settings(mcp_session_tokens=serves_agents))
    imported = {"mcp", "mcp_types"} & sys.modules.keys()
    print([route.path for route in app.routes if "mcp" in route.path], bool(imported))
"""


@pytest.mark.req("MCP-FR-001", "MCP-FR-008")
def test_the_package_is_imported_only_where_agents_are_served(tmp_path: Path) -> None:
    started = run(tmp_path, "-c", _START, DATABASE_URL="postgresql://not/needed", BETTER_AUTH_SECRET=SECRET)
    assert started.stdout.splitlines() == ["[] False", "['/mcp'] True"], started.stderr


@pytest.mark.req("MCP-FR-008")
def test_the_command_names_the_group_that_is_missing(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from src.cli import command_line; command_line('mcp')(['mcp'])"
    settings = {"DATABASE_URL": "postgresql://not/needed", "BETTER_AUTH_SECRET": SECRET, "MCP_TOKEN": "x"}
    ended = run(tmp_path, "-c", code, **settings)
    assert (ended.returncode, ended.stderr.strip()) == (
        1,
        "This command needs packages that are not installed: add '--group mcp' to 'uv sync'.",
    )
