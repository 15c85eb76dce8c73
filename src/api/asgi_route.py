"""A route whose handler is an ASGI application of its own."""

from starlette.routing import Match, Route
from starlette.types import Scope


class AsgiRoute(Route):
    """A route that needs nothing of FastAPI, and which the access log and the spans name all the same.

    It is no route of FastAPI's, so the OpenAPI document does not have it.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as `starlette.routing.Route` does."""
        match, selected = super().matches(scope)
        return match, {**selected, "route": self}
