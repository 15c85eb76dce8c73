"""Builds the components of the application (database, verifier, change broker, …) from the settings."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from src.api.response_memory import ResponseMemory
from src.auth.front_end import FrontEnd
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.config import Settings
from src.db.database import Database, OnQuery
from src.observability.line_writer import BufferedLineWriter
from src.rate_limiting.stores import CounterStore, InMemoryCounterStore
from src.schemas.origin import OriginSet
from src.services.quota import Quota
from src.services.sync.broker import ChangeBroker
from src.shutdown import ShutdownSignal

if TYPE_CHECKING:
    from src.observability.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Components:
    """The components that all requests of an application share: `app.state.components`."""

    database: Database
    verifier: TokenVerifier
    oauth_verifier: TokenVerifier | None
    counters: CounterStore
    broker: ChangeBroker
    response_memory: ResponseMemory
    quota: Quota
    shutdown: ShutdownSignal
    access_log: BufferedLineWriter
    telemetry: "Telemetry | None"

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build all components; none of them connects to anything yet."""
        telemetry = _create_telemetry(settings)
        database = create_database(settings, on_query=None if telemetry is None else telemetry.record)
        client = cache(JwksClient)  # shared, so that each JWKS is fetched once
        verifier = create_verifier(settings, client)
        if telemetry is not None:
            telemetry.watch(database, verifier.jwks)
        shutdown = ShutdownSignal(settings.shutdown_delay)
        return cls(
            database=database,
            verifier=verifier,
            oauth_verifier=create_oauth_verifier(settings, client),
            counters=_create_counters(settings),
            broker=_create_broker(settings, database, shutdown),
            response_memory=ResponseMemory(),
            quota=create_quota(settings),
            shutdown=shutdown,
            access_log=BufferedLineWriter(),
            telemetry=telemetry,
        )

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Start the components and close them in the opposite order, each one even if another fails to close."""
        async with AsyncExitStack() as stack:
            stack.callback(self.access_log.flush)
            if self.telemetry is not None:
                await stack.enter_async_context(aclosing(self.telemetry))
            await stack.enter_async_context(aclosing(self.verifier))
            await stack.enter_async_context(aclosing(self.counters))
            await stack.enter_async_context(self.database)
            stack.callback(asyncio.create_task(self.database.warm_up()).cancel)
            await stack.enter_async_context(self.broker)
            stack.enter_context(self.shutdown.install_signal_handlers())
            yield


def create_database(settings: Settings, on_query: OnQuery | None = None) -> Database:
    """Build the connection pool."""
    return Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        prepared_statements=settings.prepared_statements,
        on_query=on_query,
    )


def create_quota(settings: Settings) -> Quota:
    """Return the quota of each user; without one it is more than a database can store."""
    return Quota(settings.tasks_per_user or sys.maxsize, settings.task_bytes_per_user or sys.maxsize)


def create_verifier(settings: Settings, client: Callable[[str], JwksClient] | None = None) -> TokenVerifier:
    """Build the verifier of access tokens; front ends with the same JWKS share its client."""
    client = client or cache(JwksClient)
    front_ends = [
        FrontEnd(
            OriginSet(each.issuers), OriginSet(each.audiences), None if each.jwks_url is None else client(each.jwks_url)
        )
        for each in settings.front_ends
    ]
    return TokenVerifier(
        secrets=settings.secrets,
        front_ends=front_ends,
        user_id_claim=settings.better_auth_user_id_claim,
        require_issuer_and_audience_for_hs256=settings.better_auth_require_issuer_and_audience,
        accept_session_cookie_cache=settings.better_auth_cookie_cache,
    )


def create_oauth_verifier(
    settings: Settings, client: Callable[[str], JwksClient] | None = None
) -> TokenVerifier | None:
    """Build the verifier of the access tokens of OAuth clients, whose audience is the URL of the MCP server."""
    if settings.mcp_url is None:
        return None
    client = client or cache(JwksClient)
    audiences = OriginSet([settings.mcp_url])
    front_ends = [
        FrontEnd(OriginSet([server]), audiences, client(jwks_url)) for server, jwks_url in settings.oauth_keys
    ]
    return TokenVerifier(front_ends=front_ends, is_oauth=True)


def _create_broker(settings: Settings, database: Database, shutdown: ShutdownSignal) -> ChangeBroker:
    """Build the change broker; it listens only on a direct URL, because poolers in transaction mode drop LISTEN."""
    pooled = settings.database_url.pooled or not settings.prepared_statements
    direct = settings.database_url_unpooled or (None if pooled else settings.database_url)
    return ChangeBroker(database, direct, shutdown.wait)


def _create_counters(settings: Settings) -> CounterStore:
    """Count rate limits in Redis where it is configured, so that processes share them, or else in this process."""
    if settings.rate_limit_storage_url is None:
        return InMemoryCounterStore()
    from src.rate_limiting.redis_store import RedisCounterStore  # noqa: PLC0415 - its client is optional, and slow to import

    return RedisCounterStore(str(settings.rate_limit_storage_url))


def _create_telemetry(settings: Settings) -> "Telemetry | None":
    """Build the exporter of traces and metrics where a collector is configured."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    from src.observability.telemetry import Telemetry  # noqa: PLC0415 - its packages are optional, and slow to import

    return Telemetry.to_collector(str(settings.otel_exporter_otlp_endpoint))
