"""MCP over standard input and output, for one agent on the same machine."""

import time
from typing import TYPE_CHECKING

from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from src.api.dependencies import token_owner
from src.api.event_stream import DEFAULT_MAX_CONNECTIONS
from src.errors.client import Unauthorized
from src.mcp.caller import Caller, Context
from src.mcp.server import TaskServer

if TYPE_CHECKING:
    from src.app.components import Components


async def serve(components: "Components", token: str) -> None:
    """Serve the user of the token until standard input ends. The token is verified for each call, because it expires.

    Raises:
        Unauthorized: The token is invalid from the beginning.
    """
    await components.verifier.verify(token)

    async def find_caller(_: Context, __: str) -> Caller:
        try:
            identity = await components.verifier.verify(token)
        except Unauthorized as error:
            raise MCPError(INVALID_REQUEST, error.detail) from None
        return Caller(token_owner(identity), identity.expires_at - time.time(), DEFAULT_MAX_CONNECTIONS)

    server = TaskServer(components, find_caller).build()
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
