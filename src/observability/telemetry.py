"""Traces and metrics with OpenTelemetry: FastAPI traces requests; this module adds statements, connections and keys.

It needs the dependency group `otel`, and is imported only if a collector is configured.
"""

import asyncio
from collections.abc import Callable, Iterable
from time import time_ns

from asyncpg.connection import LoggedQuery
from fastapi.telemetry import TelemetryConfig
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from src.auth.jwks import JwksClient
from src.db.database import Database

_EXPORT_SECONDS = 3
_PRIVATE = ("url.path", "url.query")


class Telemetry:
    """Sends spans and metrics to a collector with OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/).

    Names follow OpenTelemetry's semantic conventions. Spans contain routes and statements, never paths, queries, values
    or exception messages. The service name is `task-api` unless OTEL_SERVICE_NAME is set; the other OTEL_ variables set
    headers, sampling and intervals.
    """

    def __init__(self, spans: SpanProcessor, metrics: MetricReader) -> None:
        resource = Resource({SERVICE_NAME: "task-api"}).merge(OTELResourceDetector().detect())
        self._traces = TracerProvider(resource=resource)
        self._traces.add_span_processor(_Redaction())
        self._traces.add_span_processor(spans)
        self._metrics = MeterProvider([metrics], resource=resource)
        self._tracer = self._traces.get_tracer("src")
        self._meter = self._metrics.get_meter("src")

    @classmethod
    def to_collector(cls, endpoint: str) -> "Telemetry":
        """Create telemetry that exports to a collector's base URL in the background."""
        base = endpoint.removesuffix("/")
        spans = OTLPSpanExporter(f"{base}/v1/traces", timeout=_EXPORT_SECONDS)
        metrics = OTLPMetricExporter(f"{base}/v1/metrics", timeout=_EXPORT_SECONDS)
        return cls(BatchSpanProcessor(spans), PeriodicExportingMetricReader(metrics))

    @property
    def of_requests(self) -> TelemetryConfig:
        """The configuration for `FastAPI(telemetry=…)`, without log records, which would contain exception messages."""
        return {
            "tracer_provider": self._traces,
            "meter_provider": self._metrics,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        }

    def record(self, query: LoggedQuery) -> None:
        """Record a span for a finished statement, without its values."""
        end = time_ns()
        attributes = {"db.system.name": "postgresql", "db.query.text": query.query}
        start = end - int(query.elapsed * 1e9)
        span = self._tracer.start_span("postgresql", kind=SpanKind.CLIENT, start_time=start, attributes=attributes)
        if query.exception is not None:
            span.set_attribute("error.type", str(getattr(query.exception, "sqlstate", type(query.exception).__name__)))
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def watch(self, database: Database, jwks: list[JwksClient]) -> None:
        """Observe the connection pool, the calls that wait for it, and the number and age of the cached keys."""
        self._gauge("db.client.connection.max", "{connection}", lambda: [(database.pool_stats.max_size, {})])
        self._gauge("db.client.connection.pending_requests", "{request}", lambda: [(database.pool_stats.waiting, {})])
        self._gauge(
            "db.client.connection.count",
            "{connection}",
            lambda: [
                (database.pool_stats.idle, {"db.client.connection.state": "idle"}),
                (database.pool_stats.used, {"db.client.connection.state": "used"}),
            ],
        )
        if jwks:
            self._watch_keys({each: {"url.full": each.location} if len(jwks) > 1 else {} for each in jwks})

    async def aclose(self) -> None:
        """Export pending spans and metrics, for a few seconds at most."""
        await asyncio.to_thread(self._traces.shutdown)
        await asyncio.to_thread(self._metrics.shutdown, 1000 * _EXPORT_SECONDS)

    def _watch_keys(self, jwks: dict[JwksClient, dict[str, str]]) -> None:
        self._gauge("auth.jwks.keys", "{key}", lambda: [(each.size, names) for each, names in jwks.items()])
        self._gauge(
            "auth.jwks.age", "s", lambda: [(each.age, names) for each, names in jwks.items() if each.age is not None]
        )

    def _gauge(self, name: str, unit: str, read: Callable[[], Iterable[tuple[float, dict[str, str]]]]) -> None:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, attributes) for value, attributes in read()]

        self._meter.create_observable_gauge(name, [observe], unit)


class _Redaction(SpanProcessor):
    """Redacts paths, which contain user ids, and queries, which contain search text."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - as inherited
        for name in _PRIVATE:
            if span.attributes and name in span.attributes:
                span.set_attribute(name, "REDACTED")
