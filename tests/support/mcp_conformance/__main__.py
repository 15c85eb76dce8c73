"""`python -m src`, except that its MCP server also has what the conformance suite wants every server to have.

The requests take the way of all others: the middleware, the endpoint, and the server of the SDK that it has built.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from src.mcp import endpoint
from src.mcp.caller import Context
from src.mcp.server import TaskServer
from tests.support.mcp_conformance import contents, inputs, streams  # noqa: F401 - they add to the fixtures
from tests.support.mcp_conformance.fixtures import FIXTURES

type Handler = Callable[[Context, Any], Awaitable[Any]]

_LISTS = {
    "tools/list": "tools",
    "resources/list": "resources",
    "resources/templates/list": "resource_templates",
    "prompts/list": "prompts",
}
_ITEMS = ("tools/call", "resources/read", "prompts/get")


class ConformanceServer(TaskServer):
    """The handlers of the server, and after them those of the fixtures."""

    def build(self) -> Server[Any]:
        server, fixtures = super().build(), FIXTURES._lowlevel_server  # noqa: SLF001 - its handlers are nowhere else
        server.middleware += fixtures.middleware  # which seals the state that clients send back
        server.get_tool_input_schema = fixtures.get_tool_input_schema
        for method in (*_LISTS, *_ITEMS):
            own, added = server.get_request_handler(method), fixtures.get_request_handler(method)
            assert own
            assert added
            server.add_request_handler(method, own.params_type, _both(method, own.handler, added.handler))
        return server


def _both(method: str, own: Handler, added: Handler) -> Handler:
    async def concatenate(context: Context, params: Any) -> Any:
        name, mine, theirs = _LISTS[method], await own(context, params), await added(context, params)
        return mine.model_copy(update={name: getattr(mine, name) + getattr(theirs, name)})

    async def find(context: Context, params: Any) -> Any:
        try:
            return await own(context, params)
        except MCPError:
            return await added(context, params)

    return concatenate if method in _LISTS else find


endpoint.TaskServer = ConformanceServer  # type: ignore[attr-defined]  # which `endpoint` imports for itself

if __name__ == "__main__":
    from src.cli import command_line

    command_line()()
