"""The API without the package of the MCP server, which is optional."""

from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.tokens import SECRET

_START = """
import sys
sys.modules |= dict.fromkeys(("mcp", "mcp_types"))
from src.app import create_app
from src.config import load_settings
print([route.path for route in create_app(load_settings()).routes if "mcp" in route.path])
"""


@pytest.mark.req("MCP-FR-001", "MCP-FR-008")
def test_the_api_does_not_need_the_package(tmp_path: Path) -> None:
    ended = run(tmp_path, "-c", _START, DATABASE_URL="postgresql://not/needed", BETTER_AUTH_SECRET=SECRET)
    assert ended.stdout.strip() == "[]", ended.stderr


@pytest.mark.req("MCP-FR-001")
def test_the_package_is_imported_only_where_agents_are_served(tmp_path: Path) -> None:
    code = f"{_START.replace('sys.modules |= dict', 'unused = dict')}\nprint('mcp' in sys.modules)"
    settings = {"DATABASE_URL": "postgresql://not/needed", "BETTER_AUTH_SECRET": SECRET}
    assert run(tmp_path, "-c", code, **settings).stdout.split() == ["[]", "False"]
    assert run(tmp_path, "-c", code, **settings, MCP_SESSION_TOKENS="true").stdout.split() == ["['/mcp']", "True"]


@pytest.mark.req("MCP-FR-008")
def test_the_command_names_the_group_that_is_missing(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from src.cli import command_line; command_line('mcp')(['mcp'])"
    settings = {"DATABASE_URL": "postgresql://not/needed", "BETTER_AUTH_SECRET": SECRET, "MCP_TOKEN": "x"}
    ended = run(tmp_path, "-c", code, **settings)
    assert (ended.returncode, ended.stderr.strip()) == (
        1,
        "This command needs packages that are not installed: add '--group mcp' to 'uv sync'.",
    )
