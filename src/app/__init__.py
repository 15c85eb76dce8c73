"""The composition root: builds the application from the settings."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from src.api.openapi import DESCRIPTION, TaskAPI
from src.api.routers import health, overview, pages, sync, tasks, user_settings
from src.app.components import Components
from src.app.middleware import middleware
from src.config import Settings

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

# Explicit, because FastAPI's defaults would send query strings to any OpenTelemetry SDK set up in this process.
_NO_TELEMETRY: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def create_app(settings: Settings) -> FastAPI:
    """Build the API with these settings. It reads no environment, and connects to nothing before its lifespan."""
    components = Components.from_settings(settings)
    lists = (tasks.list_router(settings.list_format), overview.list_router(settings.list_format))
    routers = (*lists, sync.router, overview.router, tasks.router, user_settings.router, health.router, pages.router)
    app = TaskAPI(
        # Not by include_router, because the index of routes does not see included ones.
        routes=[route for router in routers for route in router.routes],
        title="Task API",
        version="0.1.0",
        summary="A task-management API for the users of a Better Auth front end.",
        description=DESCRIPTION,
        docs_url=None,  # `pages.router` serves it without a content delivery network (ADR 0059)
        redoc_url=None,
        redirect_slashes=False,
        middleware=middleware(settings, components),
        telemetry=_NO_TELEMETRY if components.telemetry is None else components.telemetry.of_requests,
        lifespan=components.lifespan,
    )
    app.state.components = components
    return app
