"""Traces and metrics by OpenTelemetry: FastAPI's of requests, and of statements, connections and keys from here.

Importing this needs the dependency group `otel`; without a collector nobody does.
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
    """Sends spans and metrics to a collector that speaks OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/).

    Names are those of OpenTelemetry's semantic conventions. Spans tell routes and statements, never paths, queries,
    values or the messages of exceptions. The service is `task-api` unless OTEL_SERVICE_NAME says otherwise; headers,
    sampling and intervals are what the other OTEL_ variables of the environment say.
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
        """What is sent to a collector's base URL, in the background."""
        base = endpoint.removesuffix("/")
        spans = OTLPSpanExporter(f"{base}/v1/traces", timeout=_EXPORT_SECONDS)
        metrics = OTLPMetricExporter(f"{base}/v1/metrics", timeout=_EXPORT_SECONDS)
        return cls(BatchSpanProcessor(spans), PeriodicExportingMetricReader(metrics))

    @property
    def of_requests(self) -> TelemetryConfig:
        """What `FastAPI(telemetry=…)` needs. Its log records hold the messages of exceptions, so there are none."""
        return {
            "tracer_provider": self._traces,
            "meter_provider": self._metrics,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        }

    def record(self, query: LoggedQuery) -> None:
        """Make a span of a statement that has just been run, without its values."""
        end = time_ns()
        attributes = {"db.system.name": "postgresql", "db.query.text": query.query}
        start = end - int(query.elapsed * 1e9)
        span = self._tracer.start_span("postgresql", kind=SpanKind.CLIENT, start_time=start, attributes=attributes)
        if query.exception is not None:
            span.set_attribute("error.type", str(getattr(query.exception, "sqlstate", type(query.exception).__name__)))
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def watch(self, database: Database, jwks: JwksClient | None) -> None:
        """Tell how busy connections are, how many requests wait for one, and how many keys are known since when."""
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
        if jwks is not None:
            self._watch_keys(jwks)

    async def aclose(self) -> None:
        """Send what is left, within seconds."""
        await asyncio.to_thread(self._traces.shutdown)
        await asyncio.to_thread(self._metrics.shutdown, 1000 * _EXPORT_SECONDS)

    def _watch_keys(self, jwks: JwksClient) -> None:
        self._gauge("auth.jwks.keys", "{key}", lambda: [(jwks.size, {})])
        self._gauge("auth.jwks.age", "s", lambda: [] if jwks.age is None else [(jwks.age, {})])

    def _gauge(self, name: str, unit: str, read: Callable[[], Iterable[tuple[float, dict[str, str]]]]) -> None:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, attributes) for value, attributes in read()]

        self._meter.create_observable_gauge(name, [observe], unit)


class _Redaction(SpanProcessor):
    """People's ids are in paths, and what they search for is in queries."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - as inherited
        for name in _PRIVATE:
            if span.attributes and name in span.attributes:
                span.set_attribute(name, "REDACTED")
