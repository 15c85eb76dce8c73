"""A route whose handler is an ASGI application of its own."""

import re
from collections.abc import Sequence

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Scope


class AsgiRoute(Route):
    """A route that does not use FastAPI, but has its name in the access log and in spans.

    It is no route of FastAPI's, so the OpenAPI document does not have it.
    """

    def __init__(self, path: str, handler: ASGIApp, *, methods: Sequence[str], name: str) -> None:
        super().__init__(path, handler, methods=list(methods), name=name)
        # Starlette's `$` also matches before a line break at the end, where `JWTAuthMiddleware` sees another path.
        self.path_regex = re.compile(rf"{re.escape(path)}\Z")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as `starlette.routing.Route` does."""
        match, selected = super().matches(scope)
        return match, {**selected, "route": self}
