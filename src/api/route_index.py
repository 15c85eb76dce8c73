"""Find the route of a request with one regular expression, instead of one for each route."""

import re
from collections.abc import Awaitable, Sequence

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.asgi_route import AsgiRoute
from src.api.compiled_route import CompiledRoute
from src.api.path_alias import PathAlias
from src.api.root_path import restore_root_path

_NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class RouteIndex:
    """Sends a request to the route of its path and method, and any other request to `router`, which explains it.

    A router matches its routes one after the other, which takes as long as verifying a cached token does. It also gets
    the requests of a traced application, because it reports the route to FastAPI's telemetry.
    """

    def __init__(self, router: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._router = router
        paths: dict[str, list[CompiledRoute | PathAlias | AsgiRoute]] = {}
        for route in routes:
            if isinstance(route, CompiledRoute | PathAlias | AsgiRoute):
                paths.setdefault(route.path_regex.pattern, []).append(route)
        self._routes = list(paths.values())
        self._pattern = re.compile("|".join(f"({_NAMED_GROUP.sub('(?:', path)})" for path in paths))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        is_ordinary = scope["type"] == "http" and "fastapi.telemetry" not in scope
        route = self._find(scope) if is_ordinary else None
        if scope.get("root_path") and scope["type"] == "http":
            restore_root_path(scope)
        if route is None:
            return self._router(scope, receive, send)
        scope.update(route.matches(scope)[1])
        return route.app(scope, receive, send)

    def _find(self, scope: Scope) -> CompiledRoute | PathAlias | AsgiRoute | None:
        match = self._pattern.match(scope["path"])
        if match is None or match.lastindex is None:
            return None
        return next(
            (each for each in self._routes[match.lastindex - 1] if scope["method"] in (each.methods or ())), None
        )
