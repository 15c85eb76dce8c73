"""MCP over standard input and output, for one agent on the same machine."""

import asyncio
import os
import stat
import sys
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from src.api.dependencies import token_owner
from src.api.event_stream import DEFAULT_MAX_CONNECTIONS
from src.api.middleware.body_limit import MAX_REQUEST_BODY_BYTES
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
    async with stdio_server(_interruptible_input()) as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


def _interruptible_input() -> Any:  # noqa: ANN401 - the SDK wants a file of anyio, and iterates over its lines only
    """Return the lines of standard input, read by the event loop: the SDK's thread would outlive every signal.

    A regular file never blocks, and is left to the SDK.
    """
    mode = os.fstat(sys.stdin.fileno()).st_mode
    return _lines() if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty() else None


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader(limit=MAX_REQUEST_BODY_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    async for line in reader:
        yield line
