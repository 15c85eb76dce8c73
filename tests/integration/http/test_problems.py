"""Error responses: problem details (RFC 9457)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from tests.conftest import JSON, ORIGIN, Connection, NewDatabase, StartApp, User
from tests.support.tokens import SECRET

TEXT = "an intimate thought"


@pytest.mark.req("TASK-FR-044")
@pytest.mark.parametrize(
    ("method", "path", "options", "status", "slug"),
    [
        ("POST", "", {"content": b"\xff", "headers": JSON}, 400, "bad-request"),
        ("GET", "/1", {"headers": {"Authorization": ""}}, 401, "unauthorized"),
        ("GET", "/1/../../../other/tasks", {}, 403, "user-mismatch"),
        ("GET", "/1", {}, 404, "task-not-found"),
        ("GET", "/1/nowhere", {}, 404, "not-found"),
        ("DELETE", "", {}, 405, "method-not-allowed"),
        ("POST", "", {"content": b" " * 2_000_000, "headers": JSON}, 413, "content-too-large"),
        ("POST", "", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
        ("POST", "", {"json": {}}, 422, "invalid-request"),
        ("GET", "?cursor=x", {}, 422, "invalid-cursor"),
    ],
)
async def test_every_refusal_is_a_problem(
    user: User, method: str, path: str, options: dict[str, Any], status: int, slug: str
) -> None:
    response = await user.request(method, path, **options)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["type"], body["status"]) == (f"urn:problem-type:{slug}", status)
    assert isinstance(body["title"], str)
    assert isinstance(body["detail"], str)
    assert body["detail"].endswith(".")


@pytest.mark.req("TASK-FR-045")
async def test_all_validation_errors_are_listed_and_no_value_is_echoed(user: User) -> None:
    wrong = {"title": "Zebra" * 50, "description": ["Zebra"], "completed": "Zebra"}
    response = await user.post(json=wrong)
    assert response.status_code == 422
    body = response.json()
    assert [error["field"] for error in body["errors"]] == ["title", "description", "completed"]
    assert all(set(error) == {"field", "message", "type"} for error in body["errors"])
    assert all(error["message"] in body["detail"] for error in body["errors"])
    assert "Zebra" not in response.text


@pytest.mark.req("TASK-FR-046")
@pytest.mark.usefixtures("patience")
async def test_a_database_that_cannot_be_reached_is_503_until_it_can(start_app: StartApp) -> None:
    user = User(await start_app(database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    requests = (user.get(), user.post(json={"title": "Buy milk"}), user.http.get("/ready"))
    for response in await asyncio.gather(*requests):
        assert response.status_code == 503
        assert response.json()["type"] == "urn:problem-type:service-unavailable"
        assert int(response.headers["Retry-After"]) > 0


@pytest.mark.req("TASK-FR-046")
async def test_connections_that_the_server_closed_are_replaced(user: User, sql: Connection) -> None:
    task = await user.create()
    await sql.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    responses = [await user.get(task["id"]) for _ in range(12)]
    assert {response.status_code for response in responses} <= {200, 503}
    assert (await user.get(task["id"])).json() == task


@pytest.fixture
async def user_of_broken_app(start_app: StartApp, new_database: NewDatabase) -> User:
    """Return a user of a database with a constraint that the API does not know."""
    url = await new_database()
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER TABLE tasks ADD CONSTRAINT decency CHECK (title <> '{TEXT}')")
    await connection.close()
    return User(await start_app(database_url=url))


@pytest.mark.req("TASK-FR-047", "TASK-FR-048", "TASK-FR-054")
async def test_a_defect_is_a_500_with_an_id_that_the_log_has(
    user_of_broken_app: User, caplog: pytest.LogCaptureFixture
) -> None:
    response = await user_of_broken_app.post(json={"title": TEXT}, headers={"Origin": ORIGIN})
    assert response.status_code == 500
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "request_id"}
    assert body["type"] == "urn:problem-type:internal-error"
    assert response.headers["X-Request-ID"] == body["request_id"]
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert body["request_id"] in caplog.text
    assert "CheckViolationError" in caplog.text
    assert TEXT not in caplog.text + response.text
    assert (await user_of_broken_app.get()).json()["count"] == 0
    assert await user_of_broken_app.revision() == 0


@pytest.mark.req("TASK-FR-044")
async def test_behind_a_root_path_only_what_follows_it_is_the_route(app: FastAPI, user: User) -> None:
    transport = httpx.ASGITransport(app, root_path="/api")
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=user.http.headers) as http:
        assert (await http.get(f"/api{user.path}")).status_code == 200
        assert (await http.get(user.path)).json()["type"] == "urn:problem-type:not-found"


@pytest.mark.req("TASK-FR-042")
async def test_a_body_that_fastapi_reads_has_the_limit_too(start_app: StartApp) -> None:
    app = await start_app()

    @app.post("/api/echo")
    async def echo(body: dict[str, int]) -> dict[str, int]:  # no `Response`, so FastAPI reads the body
        return body

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 50_000

    http = User(app).http
    assert (await http.post("/api/echo", json={"a": 1})).json() == {"a": 1}
    response = await http.post("/api/echo", content=chunks(), headers=JSON)
    assert (response.status_code, response.json()["type"]) == (413, "urn:problem-type:content-too-large")


@pytest.mark.req("TASK-FR-054")
async def test_a_response_that_breaks_off_does_not_end_as_if_it_were_complete(start_app: StartApp) -> None:
    app = await start_app()

    async def breaking() -> AsyncIterator[bytes]:
        yield b"[1,"
        raise RuntimeError

    @app.get("/api/breaking")
    async def breaks() -> Response:
        return StreamingResponse(breaking())

    with pytest.raises(RuntimeError):  # which makes the server close the connection
        await User(app).http.get("/api/breaking")


@pytest.mark.req("TASK-FR-048")
async def test_the_log_holds_no_texts_and_no_secrets(user: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = user.http.headers["Authorization"].removeprefix("Bearer ")
    task = await user.create(TEXT, description=TEXT)
    await user.patch(task["id"], json={"title": TEXT * 50})
    await user.post(content=TEXT.encode(), headers=JSON)
    await user.http.get("/api/somebody/tasks", headers={"Authorization": f"Bearer {token}x"})
    own_lines = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert "refused a request" in own_lines
    for secret in (TEXT, token, token.rpartition(".")[2], SECRET):
        assert secret not in own_lines
