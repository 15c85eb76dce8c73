"""The parts of the application, each as the settings want it."""

from typing import TYPE_CHECKING

from src.api.counters import Counters, MemoryCounters
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.config import Settings
from src.db.database import Database, OnQuery
from src.services.feed import Feed
from src.shutdown import ShutdownSignal

if TYPE_CHECKING:
    from src.telemetry import Telemetry


def create_database(settings: Settings, on_query: OnQuery | None = None) -> Database:
    """The way to the database under these settings."""
    return Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        prepared_statements=settings.prepared_statements,
        on_query=on_query,
    )


def create_feed(settings: Settings, database: Database, shutdown: ShutdownSignal) -> Feed:
    """What wakes those who wait for changes. Through a pooler in transaction mode no notification would arrive."""
    pooled = settings.database_url.pooled or not settings.prepared_statements
    direct = settings.database_url_unpooled or (None if pooled else settings.database_url)
    return Feed(database, direct, shutdown.wait)


def create_counters(settings: Settings) -> Counters:
    """What rate limits count in: this process, or what several share."""
    if settings.rate_limit_storage_url is None:
        return MemoryCounters()
    from src.api.shared_counters import SharedCounters  # noqa: PLC0415 - its client is optional, and slow to import

    return SharedCounters(str(settings.rate_limit_storage_url))


def create_verifier(settings: Settings) -> TokenVerifier:
    """What judges the tokens under these settings."""
    return TokenVerifier(
        secrets=settings.secrets,
        jwks=None if settings.jwks_url is None else JwksClient(settings.jwks_url),
        issuer=settings.issuer,
        audience=settings.audience,
        user_id_claim=settings.better_auth_user_id_claim,
        require_issuer_and_audience_for_hs256=settings.better_auth_strict,
        accept_session_cookie_cache=settings.better_auth_cookie_cache,
    )


def create_telemetry(settings: Settings) -> "Telemetry | None":
    """What sends traces and metrics, where somebody wants them."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    from src.telemetry import Telemetry  # noqa: PLC0415 - its packages are optional, and slow to import

    return Telemetry.to_collector(str(settings.otel_exporter_otlp_endpoint))
