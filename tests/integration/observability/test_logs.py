"""Logs of a production process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import JSON
from tests.support.commands import run
from tests.support.hostile_clients import vanish
from tests.support.programs import eventually, sql
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_TEXT = "an intimate thought"
_USER = "user-1"
_LIST = f"/api/{_USER}/tasks"
_ROUTE = "/api/{user_id}/tasks"
_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_AUTHORIZED = {"Authorization": f"Bearer {mint(_USER)}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET}
    with Server(tmp_path_factory.mktemp("logs"), "-m", "uvicorn", "src.main:app", **settings) as server:
        yield server


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=_AUTHORIZED) as http:
        yield http


def lines(server: Server, response: httpx.Response) -> list[dict[str, Any]]:
    """Return the records of a request, the access log's last, because it is written after the response."""
    return records(server, response.headers["X-Request-ID"])


def records(server: Server, request_id: str) -> list[dict[str, Any]]:
    def written() -> list[dict[str, Any]]:
        every = [json.loads(line) for line in server.output.splitlines(keepends=True) if line.endswith("\n")]
        found = [line for line in every if line.get("request_id") == request_id]
        assert found
        assert found[-1]["event"] == "request"
        return found

    return eventually(written)


@pytest.mark.req("OBS-FR-001", "OBS-FR-003")
@pytest.mark.parametrize(
    ("method", "path", "options", "status", "route"),
    [
        ("GET", _LIST, {}, 200, _ROUTE),
        ("GET", "/api/tasks", {}, 200, _ROUTE),
        ("GET", f"/api/{_USER}/tags", {}, 200, f"{_ROUTE}/tags"),
        ("POST", _LIST + "/", {"json": {"title": _TEXT}}, 201, _ROUTE),
        ("GET", f"{_LIST}/999", {}, 404, _ROUTE + "/{task_id}"),
        ("GET", "/nowhere", {}, 404, None),
        ("GET", "/api/user-2/tasks", {}, 403, _ROUTE),
        ("DELETE", _LIST, {}, 405, _ROUTE),
        ("POST", _LIST, {"content": b" " * 2_000_000, "headers": JSON}, 413, None),
        ("POST", _LIST, {"json": {"title": ""}}, 422, _ROUTE),
        ("GET", "/health", {}, 200, "/health"),
        ("HEAD", _LIST, {}, 200, _ROUTE),
        ("HEAD", f"{_LIST}/999", {}, 404, _ROUTE + "/{task_id}"),
    ],
)
def test_each_request_has_one_access_log_record(
    server: Server, http: httpx.Client, method: str, path: str, options: dict[str, Any], status: int, route: str | None
) -> None:
    response = http.request(method, path, **options)
    [line] = lines(server, response)
    assert (response.status_code, line["status"], line["method"], line["route"]) == (status, status, method, route)
    assert line["event"] == "request"
    assert line["bytes"] == len(response.content)
    assert 0 < line["duration_ms"] < 10_000
    assert line["user_id"] == (None if path == "/health" else _USER)


@pytest.mark.req("OBS-FR-001", "HTTP-FR-026")
@pytest.mark.parametrize("path", [_LIST, f"{_LIST}/1/restore"])
def test_a_client_that_disconnects_in_its_body_is_no_error(server: Server, path: str) -> None:
    request_id = f"gone-{len(path)}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {_AUTHORIZED['Authorization']}\r\nContent-Length: 100\r\n"
    )
    head += f"Content-Type: application/json\r\nIdempotency-Key: gone\r\nX-Request-ID: {request_id}\r\n\r\n{{"
    vanish(server, head.encode())
    assert [(record["event"], record["status"]) for record in records(server, request_id)] == [("request", None)]


@pytest.mark.req("OBS-FR-001", "OBS-FR-003", "OBS-FR-005")
def test_a_refused_request_is_logged_with_its_reason(server: Server, http: httpx.Client) -> None:
    response = http.get(_LIST, headers={"Authorization": "Bearer x"})
    reason, line = lines(server, response)
    assert reason["event"].startswith("refused a request")
    assert (line["status"], line["user_id"]) == (401, None)


@pytest.mark.req("OBS-FR-001", "OBS-FR-003")
def test_a_preflight_is_logged_with_a_request_id(server: Server, http: httpx.Client) -> None:
    response = http.options(_LIST, headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"})
    assert [line["status"] for line in lines(server, response)] == [400]


@pytest.mark.req("OBS-FR-004")
@pytest.mark.parametrize("given", ["x", "a" * 64, "01J9Z.req:1_2-3"])
def test_the_request_id_of_a_proxy_is_used(http: httpx.Client, given: str) -> None:
    assert http.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.req("OBS-FR-004")
@pytest.mark.parametrize("given", ["", "a" * 65, "a b", 'a"b', "a\xe9", "a\tb"])
def test_an_invalid_request_id_is_replaced(http: httpx.Client, given: str) -> None:
    response = http.get("/health", headers=[(b"X-Request-ID", given.encode("latin-1"))])
    made = response.headers["X-Request-ID"]
    assert made != given
    assert len(made) == 32
    assert made != http.get("/health").headers["X-Request-ID"]


@pytest.mark.req("OBS-FR-004", "OBS-FR-005")
@pytest.mark.parametrize(
    ("parent", "belongs"),
    [
        (f"00-{_TRACE}-00f067aa0ba902b7-01", True),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        (f"00-{_TRACE}-{'0' * 16}-01", False),
        (f"00-{_TRACE.upper()}-00f067aa0ba902b7-01", False),
    ],
)
def test_a_request_belongs_to_the_trace_of_its_client(
    server: Server, http: httpx.Client, parent: str, *, belongs: bool
) -> None:
    response = http.get("/health", headers={"traceparent": parent})
    [line] = lines(server, response)
    assert (response.headers["X-Request-ID"] == _TRACE, line.get("trace_id") == _TRACE) == (belongs, belongs)
    named = http.get("/health", headers={"traceparent": parent, "X-Request-ID": "named"})
    assert named.headers["X-Request-ID"] == "named"


@pytest.fixture
def indecent(database_url: str) -> Iterator[dict[str, str]]:
    """Send a request that violates a constraint of the database that the service does not know."""
    title = f"{_TEXT} twice"
    sql(database_url, f"ALTER TABLE tasks ADD CONSTRAINT decency CHECK (title <> '{title}')")
    yield {"title": title}
    sql(database_url, "ALTER TABLE tasks DROP CONSTRAINT decency")


@pytest.mark.req("OBS-FR-005", "OBS-FR-006")
def test_an_unexpected_error_is_logged_with_its_stack_and_without_its_message(
    server: Server, http: httpx.Client, indecent: dict[str, str]
) -> None:
    response = http.post(_LIST, json=indecent)
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
    assert response.headers.get_list("X-Request-ID") == [response.headers["X-Request-ID"]]
    defect, line = lines(server, response)
    assert (defect["level"], defect["exception"]["type"]) == ("error", "asyncpg.exceptions.CheckViolationError")
    assert any("src/db/database.py" in frame for frame in defect["exception"]["stack"])
    assert line["status"] == 500
    assert "intimate" not in server.output


_FAILING_LIBRARY = """
import logging, sys
from src.observability.logging import configure_logging
configure_logging(form=sys.argv[1], level="info")
try:
    raise ValueError("an intimate thought")
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in %s", "ASGI application", stack_info=True)
    logging.getLogger("uvicorn.error").error("%d", "not a number: an intimate thought")
"""


@pytest.mark.req("OBS-FR-006", "OBS-FR-009")
@pytest.mark.parametrize("form", ["json", "plain"])
def test_exceptions_that_libraries_log_lose_their_messages(tmp_path: Path, form: str) -> None:
    ended = run(tmp_path, "-c", _FAILING_LIBRARY, form)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Exception in ASGI application" in ended.stdout
    assert "ValueError" in ended.stdout
    assert "intimate" not in ended.stdout


@pytest.mark.req("OBS-FR-002", "OBS-FR-007")
def test_every_line_is_json_and_none_contains_data_of_users(server: Server, http: httpx.Client) -> None:
    http.get(_LIST, params={"search": _TEXT, "access_token": "hunter2"})
    http.get("/api/somebody@example.com/tasks/hunter2", headers={"Cookie": "hunter2", "User-Agent": "hunter2"})
    http.post(_LIST, json={"title": _TEXT, "description": "hunter2"})
    last = http.post(_LIST, json={"title": "hunter2" * 50})
    lines(server, last)
    written = server.output
    assert all({"timestamp", "level", "event"} <= json.loads(line).keys() for line in written.splitlines())
    token = _AUTHORIZED["Authorization"].removeprefix("Bearer ")
    for private in ("intimate", "hunter2", SECRET, token, token.rpartition(".")[2], "example.com"):
        assert private not in written


@pytest.mark.req("OBS-FR-002", "OBS-FR-010")
def test_the_supervisor_of_the_workers_logs_json_too_and_their_last_lines_are_written_when_they_end(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "SHUTDOWN_DELAY": "0"}
    with Server(tmp_path, "-m", "src", "serve", "--workers=2", **settings) as server:
        httpx.get(server.url + _LIST, headers=_AUTHORIZED | {"X-Request-ID": "the-last-one"})
        server.terminate()
        assert server.wait(30) == 0
        written = [json.loads(line) for line in server.output.splitlines()]
    assert any("Uvicorn running on" in line["event"] for line in written)
    assert sum("Finished server process" in line["event"] for line in written) == 2
    assert "the-last-one" in {line.get("request_id") for line in written}


@pytest.mark.req("OBS-FR-002", "OBS-FR-005", "OBS-FR-006", "OBS-FR-007", "OBS-FR-008")
def test_in_development_the_log_is_text_and_an_unexpected_error_has_no_message_there_either(
    tmp_path: Path, database_url: str, indecent: dict[str, str]
) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "ENVIRONMENT": "development"}
    with Server(tmp_path, "-m", "uvicorn", "src.main:app", **settings) as server:
        response = httpx.get(server.url + _LIST, headers=_AUTHORIZED)
        ending = f'user "{_USER}" request {response.headers["X-Request-ID"]}\n'
        written = eventually(lambda: _ending(server.output, ending))
        failed = httpx.post(server.url + _LIST, headers=_AUTHORIZED, json=indecent)
        assert (failed.status_code, "intimate" in server.output) == (500, False)
        assert "\nasyncpg.exceptions.CheckViolationError\n  at /" in server.output
        assert f"request_id={failed.headers['X-Request-ID']}" in server.output
    assert f" 200 GET {_ROUTE} in " in written.splitlines()[-1]
    assert "{" not in written.replace("{user_id}", "")


def _ending(text: str, ending: str) -> str:
    assert text.endswith(ending)
    return text


@pytest.mark.req("OBS-FR-008")
def test_from_warning_on_requests_are_not_logged(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "LOG_LEVEL": "WARNING"}
    with Server(tmp_path, "-m", "uvicorn", "src.main:app", **settings) as server:
        assert httpx.get(server.url + _LIST, headers=_AUTHORIZED | {"X-Request-ID": "quiet"}).status_code == 200
        assert "quiet" not in server.output


_SERVE = """
import os, runpy, sys
{output}
os.dup2(output, 1)
sys.argv = ["src", "serve", *sys.argv[1:]]
runpy.run_module("src", run_name="__main__")
"""
_FULL = "output = os.open('/dev/full', os.O_WRONLY)"
_CLOSED = "reader, output = os.pipe(); os.close(reader)"


@pytest.mark.req("OBS-FR-009")
@pytest.mark.parametrize("output", [_FULL, _CLOSED], ids=["a full disk", "a pipe without a reader"])
def test_a_log_that_cannot_be_written_does_not_fail_requests(tmp_path: Path, database_url: str, output: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "SHUTDOWN_DELAY": "0"}
    with Server(tmp_path, "-c", _SERVE.format(output=output), **settings) as server:
        with httpx.Client(base_url=server.url, headers=_AUTHORIZED) as http:
            assert {http.get(_LIST).status_code for _ in range(200)} == {200}
            assert http.get(_LIST, headers={"Authorization": "Bearer x"}).status_code == 401
        server.terminate()
        server.wait(20)
        assert "Traceback" not in server.output
