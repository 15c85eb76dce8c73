"""What a collector gets to see."""

from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from src.telemetry import Telemetry
from tests.commands import run
from tests.conftest import StartApp, User
from tests.tokens import SECRET

_TEXT = "an intimate thought"
_ENDPOINT = {"otel_exporter_otlp_endpoint": "http://127.0.0.1:9", "better_auth_url": "http://127.0.0.1:9"}


class Collector:
    """Spans and metrics, kept instead of sent."""

    def __init__(self) -> None:
        self._spans, self._metrics = InMemorySpanExporter(), InMemoryMetricReader()
        self.telemetry = Telemetry(SimpleSpanProcessor(self._spans), self._metrics)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def forget(self) -> None:
        self._spans.clear()

    def metrics(self) -> dict[str, list[Any]]:
        data = self._metrics.get_metrics_data()
        assert data is not None
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Collector:
    collector = Collector()
    monkeypatch.setattr(Telemetry, "to_collector", lambda _: collector.telemetry)
    return collector


@pytest.fixture
async def observed(collector: Collector, start_app: StartApp) -> User:
    user = User(await start_app(**_ENDPOINT))
    await user.get()  # the first use of a connection asks for types, too
    collector.forget()
    return user


@pytest.mark.req("OPS-FR-080")
async def test_a_request_has_a_span_and_below_it_that_of_its_statement(observed: User, collector: Collector) -> None:
    answer = await observed.get()
    statement, request = sorted(collector.spans, key=lambda span: span.name, reverse=True)
    assert request.name == "GET /api/{user_id}/tasks"
    assert statement.parent is not None
    assert request.context is not None
    assert statement.parent.span_id == request.context.span_id
    assert str((statement.attributes or {})["db.query.text"]).startswith("SELECT")
    assert answer.headers["X-Request-ID"] == f"{request.context.trace_id:032x}"


@pytest.mark.req("OPS-FR-080", "OPS-FR-082")
async def test_spans_tell_no_texts_and_no_people(observed: User, collector: Collector) -> None:
    task = await observed.create(_TEXT)
    await observed.get(params={"search": _TEXT})
    await observed.get(task["id"])
    await observed.http.get("/nowhere/intimate")
    assert len(collector.spans) >= 7  # the word to other processes may have one, too
    for span in collector.spans:
        told = span.to_json()
        assert "intimate" not in told
        assert observed.id not in told


@pytest.mark.req("OPS-FR-081")
async def test_metrics_tell_how_busy_connections_and_how_old_keys_are(observed: User, collector: Collector) -> None:
    await observed.get()
    metrics = collector.metrics()
    [requests] = metrics["http.server.request.duration"]
    assert (requests.count, requests.attributes["http.route"]) == (2, "/api/{user_id}/tasks")
    points = metrics["db.client.connection.count"]
    counts = {point.attributes["db.client.connection.state"]: point.value for point in points}
    assert counts == {"idle": 1, "used": 0}
    assert [point.value for point in metrics["db.client.connection.max"]] == [10]
    assert [point.value for point in metrics["db.client.connection.pending_requests"]] == [0]
    assert [point.value for point in metrics["auth.jwks.keys"]] == [0]
    assert "auth.jwks.age" not in metrics


_LOADED = "import sys, src.main; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"


@pytest.mark.req("OPS-FR-083")
@pytest.mark.parametrize(("endpoint", "loaded"), [("", 0), ("http://127.0.0.1:9", 1)])
def test_without_a_collector_nothing_of_it_is_loaded(tmp_path: Path, endpoint: str, loaded: int) -> None:
    settings = {"DATABASE_URL": "postgresql://not/needed", "BETTER_AUTH_SECRET": SECRET}
    ended = run(tmp_path, "-c", _LOADED, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **settings)
    assert (ended.returncode, ended.stderr) == (loaded, "")


_ABSENT = "import sys; sys.modules['opentelemetry.sdk'] = None; import src.main"


@pytest.mark.req("OPS-FR-083", "RUN-FR-002")
def test_packages_that_are_missing_are_named_in_a_sentence(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "postgresql://not/needed", "BETTER_AUTH_SECRET": SECRET}
    ended = run(tmp_path, "-c", _ABSENT, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **settings)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Cannot start: OTEL_EXPORTER_OTLP_ENDPOINT needs packages")
