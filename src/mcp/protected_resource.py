"""The metadata of a protected resource (RFC 9728): where a client gets access tokens for `/mcp`."""

import json
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from src.api.asgi_route import AsgiRoute
from src.errors.client import READ, WRITE

MCP_PATH = "/mcp"
_WELL_KNOWN = "/.well-known/oauth-protected-resource"
METADATA_PATHS = frozenset({_WELL_KNOWN, f"{_WELL_KNOWN}{MCP_PATH}"})
"""Clients that were refused read the second one, which the 401 names; others begin with the first one."""
_HEADERS = {"Cache-Control": "public, max-age=3600"}


def metadata_url(public_url: str) -> str:
    """Return the URL of the metadata; below the root path of the API, so that proxies route it there."""
    return f"{public_url}{_WELL_KNOWN}{MCP_PATH}"


class ProtectedResourceMetadata:
    """Serves the metadata, which is public."""

    def __init__(self, public_url: str, authorization_servers: Sequence[str]) -> None:
        document = {
            "resource": f"{public_url}{MCP_PATH}",
            "resource_name": "Task API",
            "authorization_servers": list(authorization_servers),
            "scopes_supported": [READ, WRITE],
            "bearer_methods_supported": ["header"],
        }
        self._body = json.dumps(document)
        self.url = metadata_url(public_url)

    def routes(self) -> list[AsgiRoute]:
        """Return the routes."""
        return [AsgiRoute(path, self, methods=["GET"], name="resource_metadata") for path in sorted(METADATA_PATHS)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await Response(self._body, headers=_HEADERS, media_type="application/json")(scope, receive, send)
