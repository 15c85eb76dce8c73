"""Serve a route at another path, too: the same handler, the same operation, the same template in logs and spans."""

from typing import Any

from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

from src.api.compiled_route import CompiledRoute


class PathAlias(BaseRoute):
    """Another path of a route. Where it has no `{user_id}`, that is the user of the token.

    It is no route of FastAPI's, so the OpenAPI document has each operation once.
    """

    def __init__(self, path: str, route: CompiledRoute) -> None:
        self.route = route
        self.methods, self.path_format, self.app = route.methods, route.path_format, route.app
        self.path = path
        self.path_regex, _, _ = compile_path(path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as `starlette.routing.Route` does; all parameters are strings."""
        found = self.path_regex.match(get_route_path(scope)) if scope["type"] == "http" else None
        if found is None:
            return Match.NONE, {}
        parameters: dict[str, Any] = {"user_id": scope["state"]["user_id"], **found.groupdict()}
        selected = {"route": self.route, "endpoint": self.route.endpoint, "path_params": parameters}
        return Match.FULL if scope["method"] in (self.methods or ()) else Match.PARTIAL, selected

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.route.handle(scope, receive, send)
