"""The composition root: builds the application from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic import HttpUrl

from src import __version__
from src.api.middleware.compatibility import describe
from src.api.openapi import TaskAPI
from src.api.routers import health, overview, pages, sync, tasks, user_settings
from src.api.routers.aliases import aliases
from src.app.components import Components
from src.app.middleware import middleware
from src.config import Settings
from src.mcp.protected_resource import ProtectedResourceMetadata
from src.schemas.origin import OriginSet, origin_of

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from src.mcp.endpoint import McpEndpoint

# Explicit, because FastAPI's defaults would send query strings to any OpenTelemetry SDK set up in this process.
_NO_TELEMETRY: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

_DESCRIPTION = """\
Each user of the front end sees only their own tasks, below `/api/{user_id}/tasks`, with a token that Better Auth has
issued:

* In the browser, `const { data } = await authClient.token()` returns one (Better Auth's `jwt` plugin).
* On the server, in a component, an action or a route, `await auth.api.getToken({ headers: await headers() })` does.
* In development, `uv run python -m src token dev-user` prints one for the user `dev-user`.

Send it as `Authorization: Bearer <token>`; on the page with the documentation, enter it under *Authorize*.

Every path below `/api/{user_id}/tasks` also exists below `/api/tasks`, where the user is that of the token, and
`/api/{user_id}/settings` as `/api/settings`.
Members and parameters are understood in other common spellings, too; the names of those that are unknown and ignored
are in the response header `Ignored-Names`."""

_TAGS = {
    "tasks": "Tasks, and lists of them.",
    "recurrence": "Recurring tasks. Completing one creates the next.",
    "bulk": "Many changes in one request.",
    "sync": "Copies of the tasks: what has changed since a sync token, and changes while they happen.",
    "statistics": "Counts of tasks and of tags.",
    "settings": "The settings of the user.",
    "health": "Checks for load balancers.",
}

_DOCUMENT: dict[str, Any] = {
    "title": "Task API",
    "version": __version__,
    "summary": "A task-management API for the users of a Better Auth front end.",
    "description": _DESCRIPTION,
    "license_info": {"name": "MIT", "identifier": "MIT"},
    "servers": [{"url": "/", "description": "The server of this document."}],
    "openapi_tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
}
"""The members of the OpenAPI document that describe the API itself."""


def create_app(settings: Settings) -> FastAPI:
    """Build the API with these settings. It reads no environment, and connects to nothing before its lifespan."""
    components = Components.from_settings(settings)
    lists = (tasks.list_router(settings.list_format), overview.list_router(settings.list_format))
    switches = settings.compatibility
    deletion = tasks.delete_router(with_task="json-delete" in switches)
    of_tasks = (tasks.router, tasks.recurrence_router, tasks.bulk_router, deletion)
    mcp = _mcp(settings, components)
    own = (*lists, sync.router, overview.router, *of_tasks, user_settings.router)
    routers = (*own, health.router, pages.router)
    # Not by include_router, because the index of routes does not see included ones.
    routes = [route for router in routers for route in router.routes]
    app = TaskAPI(
        routes=[*routes, *aliases(routes, toggles="toggle" in switches), *(mcp.routes() if mcp else [])],
        describe=partial(describe, switches=switches),
        **_DOCUMENT,
        openapi_url=None,  # `pages.router` serves it with the root path
        docs_url=None,  # and this without a content delivery network (ADR 0059)
        redoc_url=None,
        redirect_slashes=False,
        middleware=middleware(settings, components),
        telemetry=_NO_TELEMETRY if components.telemetry is None else components.telemetry.of_requests,
        lifespan=partial(_lifespan, components, mcp),
    )
    app.state.components = components
    return app


def _mcp(settings: Settings, components: Components) -> "McpEndpoint | None":
    """Build the MCP server where the settings have it."""
    if not settings.serves_mcp:
        return None
    from src.mcp.endpoint import McpEndpoint  # noqa: PLC0415 - its package is optional, and slow to import

    url = settings.public_url
    metadata = None if url is None else ProtectedResourceMetadata(url, settings.authorization_servers)
    own = [] if url is None else [origin_of(HttpUrl(url))]
    return McpEndpoint(components, OriginSet([*settings.allowed_origins, *own]), metadata)


@asynccontextmanager
async def _lifespan(components: Components, mcp: "McpEndpoint | None", _: FastAPI) -> AsyncIterator[None]:
    async with components.lifespan(), mcp.run() if mcp else nullcontext():
        yield
