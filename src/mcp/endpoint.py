"""The route `/mcp` (Streamable HTTP), stateless: each request has its token, and any process can serve it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from src.api.asgi_route import AsgiRoute
from src.api.dependencies import token_owner
from src.api.event_stream import max_connections, stream_seconds
from src.errors.client import InsufficientScope, OriginNotAllowed
from src.mcp.call import call_tool
from src.mcp.caller import Caller, Context
from src.mcp.direct_call import direct_call, parse_message
from src.mcp.protected_resource import MCP_PATH, ProtectedResourceMetadata
from src.mcp.scopes import has_scope, needed_scope
from src.mcp.server import TaskServer
from src.schemas.origin import OriginSet

if TYPE_CHECKING:
    from src.app.components import Components


_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")


class McpEndpoint:
    """Serves MCP inside the middleware of the application, for the user of the access token.

    A page of another origin is refused (403), because the protocol demands that as protection against DNS rebinding.
    """

    def __init__(
        self, components: "Components", origins: OriginSet, metadata: ProtectedResourceMetadata | None
    ) -> None:
        self._components, self._origins, self._metadata = components, origins, metadata
        server = TaskServer(components, _caller_of_request).build()
        self._sdk = StreamableHTTPSessionManager(server, json_response=True, stateless=True)

    def routes(self) -> list[AsgiRoute]:
        """Return the routes; a GET of `/mcp` is refused (405), because no stream is open beside the requests."""
        return [
            AsgiRoute(MCP_PATH, self, methods=["POST"], name="mcp"),
            *(self._metadata.routes() if self._metadata else []),
        ]

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve while the block is open, in one task, because a cancel scope of anyio must end in that of its start."""
        started, stopping = asyncio.Event(), asyncio.Event()

        async def serve() -> None:
            async with self._sdk.run():
                started.set()
                await stopping.wait()

        serving = asyncio.create_task(serve())
        await started.wait()
        try:
            yield
        finally:
            stopping.set()
            await serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        self._check_origin(request)
        body = await request.body()
        message = parse_message(body)
        self._require_scope(request, message)
        call = direct_call(request.headers, message)
        if call is None:
            return await self._sdk.handle_request(scope, _again(body, receive), send)
        result = await call_tool(self._components, token_owner(request.state), call.name, call.arguments)
        return await Response(call.response(result), media_type="application/json")(scope, receive, send)

    def _require_scope(self, request: Request, message: dict[str, Any]) -> None:
        """Refuse with 403 what the tool would refuse by `require_scope`, because clients then request the scope."""
        needed = needed_scope(message)
        if needed is not None and not has_scope(request.state, needed):
            raise InsufficientScope(needed, None if self._metadata is None else self._metadata.url)

    def _check_origin(self, request: Request) -> None:
        origin = request.headers.get("origin")
        if origin and origin not in self._origins and not _is_local(origin, request.headers.get("host", "")):
            raise OriginNotAllowed("Pages of this origin may not use MCP.")


def _is_local(origin: str, host: str) -> bool:
    """Whether page and API are on the same machine, as in development, and not by a name that was rebound to it."""
    return bool(_LOCAL.fullmatch(origin.partition("://")[2]) and _LOCAL.fullmatch(host))


async def _caller_of_request(context: Context, scope: str) -> Caller:
    request = context.request
    if not isinstance(request, Request):
        raise TypeError("a call without a request has no caller")
    if not has_scope(request.state, scope):
        raise MCPError(INVALID_REQUEST, InsufficientScope(scope, None).detail)
    return Caller(token_owner(request.state), stream_seconds(request), max_connections(request))


def _again(body: bytes, receive: Receive) -> Receive:
    """Receive the body that was already read, and then what follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received
