"""CORS headers, on errors too."""

import httpx
import pytest

from tests.conftest import JSON, ORIGIN, StartApp, User

EXPOSED = {"ETag", "Idempotency-Replayed", "Link", "Location", "X-Total-Count", "Retry-After", "X-Request-ID"}
ALLOWED = {
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Time-Zone",
}


def names(header: str) -> set[str]:
    return {name.strip() for name in header.split(",")}


@pytest.mark.req("TASK-FR-059")
@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "", {}, 200),
        ("POST", "", {"json": {"title": "Buy milk"}}, 201),
        ("GET", "", {"headers": {"Authorization": "Bearer x"}}, 401),
        ("GET", "/1/../../../other/tasks", {}, 403),
        ("GET", "/1", {}, 404),
        ("POST", "", {"content": b" " * 2_000_000, "headers": JSON}, 413),
        ("POST", "", {"json": {}}, 422),
    ],
)
async def test_an_allowed_origin_can_read_every_response(
    user: User, method: str, path: str, options: dict[str, dict[str, str]], status: int
) -> None:
    options = options | {"headers": options.get("headers", {}) | {"Origin": ORIGIN}}
    response = await user.request(method, path, **options)
    assert response.status_code == status
    _is_readable(response)


@pytest.mark.req("TASK-FR-059")
@pytest.mark.usefixtures("patience")
async def test_an_allowed_origin_can_read_a_503(start_app: StartApp) -> None:
    user = User(await start_app(database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    response = await user.get(headers={"Origin": ORIGIN})
    assert response.status_code == 503
    _is_readable(response)


def _is_readable(response: httpx.Response) -> None:
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert names(response.headers["Access-Control-Expose-Headers"]) >= EXPOSED


@pytest.mark.req("TASK-FR-060")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_needs_no_token(anonymous: httpx.AsyncClient, method: str) -> None:
    response = await anonymous.options(
        "/api/somebody/tasks/1",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ", ".join(ALLOWED),
        },
    )
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in names(response.headers["Access-Control-Allow-Methods"])
    assert names(response.headers["Access-Control-Allow-Headers"]) >= ALLOWED


@pytest.mark.req("TASK-FR-061")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://app.example.com"])
async def test_another_origin_gets_no_cors_headers(user: User, origin: str) -> None:
    responses = [
        await user.get(headers={"Origin": origin}),
        await user.get(headers={"Origin": origin, "Authorization": ""}),
        await user.request("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}),
    ]
    assert [response.status_code for response in responses] == [200, 401, 400]
    assert not any("Access-Control-Allow-Origin" in response.headers for response in responses)
