"""Traces and metrics that a collector receives."""

import asyncio
import gzip
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from src.observability.telemetry import Telemetry
from tests.conftest import StartApp, User, client
from tests.support.commands import run
from tests.support.jwks_server import serving
from tests.support.lock_helpers import reached, uncommitted
from tests.support.minting import EDDSA, ES256, token
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_TEXT = "an intimate thought"
_ENDPOINT = {"otel_exporter_otlp_endpoint": "http://127.0.0.1:9", "better_auth_url": "http://127.0.0.1:9"}


class Collector:
    """Record spans and metrics instead of sending them."""

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
    user = User(await start_app(**_ENDPOINT, database_pool_size=1))
    await user.get()  # the first use of a connection asks for types, too
    await asyncio.sleep(0)  # asyncpg calls its query loggers in the next iteration of the event loop
    collector.forget()
    return user


@pytest.mark.req("OBS-FR-011")
async def test_a_request_has_a_span_and_below_it_that_of_its_statement(observed: User, collector: Collector) -> None:
    response = await observed.get()
    await asyncio.sleep(0)
    statement, request = sorted(collector.spans, key=lambda span: span.name, reverse=True)
    assert request.name == "GET /api/{user_id}/tasks"
    assert statement.parent is not None
    assert request.context is not None
    assert statement.parent.span_id == request.context.span_id
    assert str((statement.attributes or {})["db.query.text"]).startswith("SELECT")
    assert response.headers["X-Request-ID"] == f"{request.context.trace_id:032x}"


@pytest.mark.req("OBS-FR-011", "TASK-FR-200")
async def test_a_path_without_the_user_id_has_the_same_route(observed: User, collector: Collector) -> None:
    assert (await observed.http.get("/api/tasks")).status_code == 200
    assert "GET /api/{user_id}/tasks" in {span.name for span in collector.spans}


@pytest.mark.req("OBS-FR-011", "OBS-FR-013")
async def test_spans_contain_no_texts_and_no_user_ids(observed: User, collector: Collector) -> None:
    task = await observed.create(_TEXT)
    await observed.get(params={"search": _TEXT})
    await observed.get(task["id"])
    await observed.http.get("/nowhere/intimate")
    assert len(collector.spans) >= 7
    for span in collector.spans:
        exported = span.to_json()
        assert "intimate" not in exported
        assert observed.id not in exported


@pytest.mark.req("OBS-FR-012")
async def test_metrics_have_the_usage_of_connections_and_the_age_of_keys(observed: User, collector: Collector) -> None:
    await observed.get()
    metrics = collector.metrics()
    [requests] = metrics["http.server.request.duration"]
    assert (requests.count, requests.attributes["http.route"]) == (2, "/api/{user_id}/tasks")
    points = metrics["db.client.connection.count"]
    counts = {point.attributes["db.client.connection.state"]: point.value for point in points}
    assert counts == {"idle": 1, "used": 0}
    assert [point.value for point in metrics["db.client.connection.max"]] == [1]
    assert [point.value for point in metrics["db.client.connection.pending_requests"]] == [0]
    assert [point.value for point in metrics["auth.jwks.keys"]] == [0]
    assert "auth.jwks.age" not in metrics


_START = """
import sys
from src.app import create_app
from src.config import load_settings

for collector in ({}, {"otel_exporter_otlp_endpoint": "http://127.0.0.1:9"}):
    create_app(load_settings(**collector))
    print(any(name.startswith("opentelemetry.sdk") for name in sys.modules))
"""


@pytest.mark.req("OBS-FR-014")
def test_without_a_collector_opentelemetry_is_not_imported(tmp_path: Path) -> None:
    started = run(tmp_path, "-c", _START, DATABASE_URL="postgresql://not/needed", BETTER_AUTH_SECRET=SECRET)
    assert started.stdout.split() == ["False", "True"], started.stderr


def gauge(collector: Collector, name: str) -> dict[str, float]:
    """Return the gauge's values by their attribute, such as the state."""
    points = collector.metrics().get(name, [])
    return {next(iter(point.attributes.values()), ""): point.value for point in points}


@pytest.mark.req("OBS-FR-012")
async def test_metrics_count_running_and_waiting_database_calls(
    collector: Collector, start_app: StartApp, database_url: str
) -> None:
    user = User(await start_app(**_ENDPOINT, database_pool_size=8))
    task = await user.create()
    async with uncommitted(database_url, f"SELECT FROM users WHERE id = '{user.id}' FOR UPDATE"):
        writes = [asyncio.create_task(user.patch(task["id"], json={"title": str(n)})) for n in range(5)]
        await reached(lambda: gauge(collector, "db.client.connection.pending_requests") == {"": 3})
        assert gauge(collector, "db.client.connection.count")["used"] == 2  # a quarter is one user's share
    assert {response.status_code for response in await asyncio.gather(*writes)} == {200}
    await reached(lambda: gauge(collector, "db.client.connection.pending_requests") == {"": 0})
    await reached(lambda: gauge(collector, "db.client.connection.count")["used"] == 0)


@pytest.mark.req("OBS-FR-012")
async def test_metrics_have_the_number_and_age_of_keys(collector: Collector, start_app: StartApp) -> None:
    async with serving({"keys": [EDDSA.jwk]}) as front_end:
        app = await start_app(**_ENDPOINT | {"better_auth_jwks_url": front_end.url})
        await _use_keys(app, _ENDPOINT["better_auth_url"])
        assert gauge(collector, "auth.jwks.keys") == {"": 1}
        assert 0 <= gauge(collector, "auth.jwks.age")[""] < 60


@pytest.mark.req("OBS-FR-012", "AUTH-FR-053")
async def test_metrics_name_the_front_ends_if_there_are_several(collector: Collector, start_app: StartApp) -> None:
    async with serving({"keys": [EDDSA.jwk]}) as front_end, serving({"keys": [ES256.jwk]}) as other:
        urls = {"better_auth_url": "https://a.example.com,https://b.example.com"}
        with_password = front_end.url.replace("//", "//somebody:hunter2@")
        app = await start_app(**_ENDPOINT | urls | {"better_auth_jwks_url": f"{with_password},{other.url}"})
        await _use_keys(app, "https://a.example.com")
        assert gauge(collector, "auth.jwks.keys") == {front_end.url: 1, other.url: 0}
        assert gauge(collector, "auth.jwks.age").keys() == {front_end.url}


async def _use_keys(app: FastAPI, issuer: str) -> None:
    """Send a token that makes the app fetch the keys of the issuer."""
    signed = token(EDDSA, iss=issuer, aud=issuer, iat=...)
    await client(app, headers={"Authorization": f"Bearer {signed}"}).get("/api/nobody/tasks")


class _Received(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received: list[tuple[str, bytes]] = self.server.received  # type: ignore[attr-defined]  # of the test
        received.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.req("OBS-FR-011", "OBS-FR-012", "OBS-FR-013")
def test_a_collector_gets_spans_and_metrics_by_http(tmp_path: Path, database_url: str) -> None:
    with HTTPServer(("127.0.0.1", 0), _Received) as sink:
        received: list[tuple[str, bytes]] = []
        sink.received = received  # type: ignore[attr-defined]  # for the handler
        Thread(target=sink.serve_forever, daemon=True).start()
        settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "SHUTDOWN_DELAY": "0"}
        endpoint = f"http://127.0.0.1:{sink.server_port}/"
        with Server(tmp_path, "-m", "src", "serve", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **settings) as server:
            authorized = {"Authorization": f"Bearer {mint('user-intimate')}"}
            listed = httpx.get(f"{server.url}/api/user-intimate/tasks", params={"search": _TEXT}, headers=authorized)
            assert listed.status_code == 200
            server.terminate()
            server.wait(20)
        sink.shutdown()
    assert {path for path, _ in received} == {"/v1/traces", "/v1/metrics"}
    exported = b"".join(body for _, body in received)
    for name in (b"GET /api/{user_id}/tasks", b"db.query.text", b"http.server.request.duration", b"task-api"):
        assert name in exported
    assert b"intimate" not in exported
