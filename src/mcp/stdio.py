"""MCP over standard input and output, for one agent on the same machine."""

from typing import TYPE_CHECKING

from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from src.api.dependencies import token_owner
from src.errors.client import Unauthorized
from src.mcp.server import Context, create_server
from src.services.owner import OwnerId

if TYPE_CHECKING:
    from src.app.components import Components


async def serve(components: "Components", token: str) -> None:
    """Serve the user of the token until standard input ends. The token is verified for each call, because it expires.

    Raises:
        Unauthorized: The token is invalid from the beginning.
    """
    await components.verifier.verify(token)

    async def find_owner(_: Context, __: str) -> OwnerId:
        try:
            return token_owner(await components.verifier.verify(token))
        except Unauthorized as error:
            raise MCPError(INVALID_REQUEST, error.detail) from None

    server = create_server(components, find_owner)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
