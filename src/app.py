"""The composition root: where the parts are put together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from src.api.documentation import DocumentedApi
from src.api.problems import HANDLERS
from src.api.routers import changes, health, overview, tasks
from src.api.standard_output import LineWriter
from src.config import Settings
from src.middleware import middleware
from src.parts import create_counters, create_database, create_feed, create_telemetry, create_verifier
from src.shutdown import ShutdownSignal

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

_LIST_ROUTERS = {
    "object": (tasks.object_router, overview.object_router),
    "array": (tasks.array_router, overview.array_router),
}

# Nor to whoever else has set up OpenTelemetry in this process: FastAPI's own defaults would tell queries.
_NO_TELEMETRY: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def create_app(settings: Settings) -> FastAPI:
    """The API with these settings. It connects to nothing until it is asked something."""
    verifier, counters, telemetry = create_verifier(settings), create_counters(settings), create_telemetry(settings)
    lines, shutdown = LineWriter(), ShutdownSignal(settings.shutdown_delay)
    # As its own routes, an included router would match each request twice.
    routers = (*_LIST_ROUTERS[settings.list_format], changes.router, overview.router, tasks.router, health.router)
    app = DocumentedApi(
        routes=[route for router in routers for route in router.routes],
        title="Task API",
        version="0.1.0",
        description="Tasks of the users of a Better Auth front end.",
        redirect_slashes=False,
        middleware=middleware(settings, verifier, counters, lines, shutdown),
        telemetry=_NO_TELEMETRY if telemetry is None else telemetry.of_requests,
        exception_handlers=HANDLERS,
        lifespan=_lifespan,
    )
    app.state.verifier, app.state.counters, app.state.telemetry = verifier, counters, telemetry
    app.state.database = create_database(settings, on_query=None if telemetry is None else telemetry.record)
    app.state.lines, app.state.shutdown = lines, shutdown
    if telemetry is not None:
        telemetry.watch(app.state.database, verifier.jwks)
    app.state.feed = create_feed(settings, app.state.database, shutdown)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        stack.callback(app.state.lines.flush)
        if app.state.telemetry is not None:
            await stack.enter_async_context(aclosing(app.state.telemetry))
        await stack.enter_async_context(aclosing(app.state.verifier))
        await stack.enter_async_context(aclosing(app.state.counters))
        await stack.enter_async_context(app.state.database)
        await stack.enter_async_context(app.state.feed)
        stack.enter_context(app.state.shutdown.install_signal_handlers())
        yield
