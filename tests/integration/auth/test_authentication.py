"""Authentication: no request passes without a token, and the body of a refused one is not read."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from tests.conftest import JSON, ORIGIN, StartApp, User, client
from tests.support.tokens import mint

PUBLIC = ["/health", "/ready", "/docs", "/openapi.json", "/"]


def _operations(app: FastAPI) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


def _body(path: str) -> dict[str, Any]:
    if path.endswith("/bulk"):
        return {"operations": [{"op": "delete", "id": 1}]}
    return {"completed": True} if path.endswith("/complete") else {"title": "Buy milk", "time_zone": None}


@pytest.mark.req("AUTH-FR-001", "TASK-FR-033")
async def test_every_route_refuses_no_token_and_a_foreign_token(start_app: StartApp) -> None:
    app = await start_app()
    app.state.components.shutdown.set()  # or the event stream would not end
    user = User(app)
    protected = [each for each in _operations(app) if each[1] not in PUBLIC]
    assert len(protected) == 16
    for method, path in protected:
        body: dict[str, Any] = {"json": _body(path)} if method in {"POST", "PUT", "PATCH"} else {}
        own = path.format(user_id=user.id, task_id=1)
        refused = await client(app).request(method, own, **body)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        foreign = await user.http.request(method, path.format(user_id="somebody-else", task_id=1), **body)
        assert foreign.status_code == 403
        assert (await user.http.request(method, own, **body)).status_code in {200, 201, 204, 404, 409}


@pytest.mark.req("AUTH-FR-001")
@pytest.mark.parametrize(
    "path", ["/api", "/api/x", "/redoc", "/nowhere", "/docs/x", "/HEALTH", "/health//", "/openapi.json/x"]
)
async def test_unknown_paths_are_closed_too(anonymous: httpx.AsyncClient, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 401


@pytest.mark.req("AUTH-FR-002")
@pytest.mark.parametrize("path", PUBLIC)
async def test_public_paths_are_open(anonymous: httpx.AsyncClient, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 200


@pytest.mark.req("AUTH-FR-003")
async def test_handlers_get_the_identity_of_the_user(start_app: StartApp) -> None:
    app = await start_app()

    @app.get("/who")
    async def who(request: Request) -> dict[str, str | None]:
        return {"id": request.state.user_id, "email": request.state.user_email}

    http = client(app, headers={"Authorization": f"Bearer {mint('somebody', email='somebody@example.com')}"})
    assert (await http.get("/who")).json() == {"id": "somebody", "email": "somebody@example.com"}


@pytest.mark.req("AUTH-FR-003")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(app: FastAPI, user: User, scheme: str) -> None:
    http = client(app, headers={"Authorization": f"{scheme} {mint(user.id)}"})
    assert (await http.get(user.path)).status_code == 200


@pytest.mark.req("AUTH-FR-004")
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic {token}", "{token}", "Token {token}", "Bearer{token}"]
)
async def test_another_scheme_or_no_token_is_401(user: User, header: str) -> None:
    response = await user.get(headers={"Authorization": header.format(token=mint(user.id))})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.req("AUTH-FR-004")
async def test_two_tokens_are_401(app: FastAPI, user: User) -> None:
    headers = [("Authorization", f"Bearer {mint(user.id)}")] * 2
    assert (await client(app).get(user.path, headers=headers)).status_code == 401


@pytest.mark.req("AUTH-FR-005")
@pytest.mark.parametrize("header", ["", "Bearer nonsense"])
async def test_the_body_of_a_request_without_a_token_is_not_read(user: User, header: str) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{"

    response = await user.post(content=body(), headers=JSON | {"Authorization": header})
    assert response.status_code == 401
    assert not read


@pytest.mark.req("AUTH-FR-006", "AUTH-FR-007")
@pytest.mark.parametrize(
    "token",
    [
        mint("x", exp=1),
        mint("x", secret="another secret that is long enough for anonymous"),
        mint("x", sub=None),
        "a.b.c",
        "x",
    ],
)
async def test_a_refusal_does_not_reveal_which_check_failed(user: User, token: str) -> None:
    response = await user.get(headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:problem-type:unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The access token is expired or invalid.",
    }


@pytest.mark.req("AUTH-FR-008")
async def test_a_browser_can_read_a_refusal(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/api/x/tasks", headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)


@pytest.mark.req("AUTH-FR-009")
async def test_the_log_says_which_check_failed(user: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="src")
    await user.get(headers={"Authorization": f"Bearer {mint(user.id, exp=1)}"})
    [record] = [record for record in caplog.records if record.name.startswith("src")]
    assert "expired" in record.getMessage()


@pytest.mark.req("AUTH-FR-010")
@pytest.mark.parametrize(
    "header",
    [
        b"Bearer \xff\xfe",
        b"Bearer " + b"[" * 4000,
        b"Bearer " + b"a" * 100_000,
        b"Bearer \t",
        b"\x80",
        b"Bearer a.b.c.d.e",
    ],
)
async def test_no_header_is_a_5xx(app: FastAPI, header: bytes) -> None:
    assert (await client(app).get("/api/x/tasks", headers=[(b"Authorization", header)])).status_code == 401


@pytest.mark.req("AUTH-FR-011")
async def test_in_development_the_response_says_which_check_failed(start_app: StartApp, user: User) -> None:
    http = client(await start_app(environment="development"))
    expired = await http.get(user.path, headers={"Authorization": f"Bearer {mint(user.id, exp=1)}"})
    assert "expired" in expired.json()["detail"]
    opaque = await http.get(user.path, headers={"Authorization": f"Bearer {'a' * 32}"})
    assert "/api/auth/token" in opaque.json()["detail"]


def _session_cookie(user_id: str) -> str:
    """Return a `session_data` cookie as Better Auth's `cookieCache: {strategy: "jwt"}` sets it."""
    return mint(user_id, sub=user_id, session={"userId": user_id}, user={"id": user_id})


@pytest.fixture
async def cookie_app(start_app: StartApp) -> FastAPI:
    return await start_app(better_auth_cookie_cache=True)


@pytest.mark.req("AUTH-FR-051")
@pytest.mark.parametrize("name", ["better-auth.session_data", "__Secure-better-auth.session_data"])
@pytest.mark.parametrize("chunks", [0, 2, 12])
async def test_the_session_cookie_is_a_token_where_that_is_allowed(
    cookie_app: FastAPI, app: FastAPI, user: User, name: str, chunks: int
) -> None:
    token = _session_cookie(user.id)
    size = len(token) // (chunks or 1) + 1
    parts = {f"{name}.{n}": token[n * size : (n + 1) * size] for n in range(chunks)} or {name: token}
    cookie = "; ".join(f"{key}={value}" for key, value in reversed((parts | {"other": "x"}).items()))
    assert (await client(cookie_app).get(user.path, headers={"Cookie": cookie})).status_code == 200
    assert (await client(app).get(user.path, headers={"Cookie": cookie})).status_code == 401


@pytest.mark.req("AUTH-FR-051")
async def test_a_header_takes_precedence_over_a_cookie(cookie_app: FastAPI, user: User) -> None:
    headers = {"Cookie": f"better-auth.session_data={_session_cookie(user.id)}", "Authorization": "Bearer x"}
    assert (await client(cookie_app).get(user.path, headers=headers)).status_code == 401


@pytest.mark.req("AUTH-FR-052")
@pytest.mark.parametrize(
    ("origin", "status"),
    [(ORIGIN, 201), ("https://evil.example", 403), ("null", 403), (None, 403), (f"{ORIGIN}:8443", 403)],
)
async def test_a_change_with_a_cookie_must_come_from_an_allowed_origin(
    cookie_app: FastAPI, user: User, origin: str | None, status: int
) -> None:
    headers = {"Cookie": f"better-auth.session_data={_session_cookie(user.id)}"} | (
        {"Origin": origin} if origin else {}
    )
    response = await client(cookie_app).post(user.path, json={"title": "Buy milk"}, headers=headers)
    assert response.status_code == status
    assert len(await user.tasks()) == (status == 201)


@pytest.mark.req("AUTH-FR-052")
async def test_a_token_in_the_header_needs_no_origin(cookie_app: FastAPI, user: User) -> None:
    http = client(cookie_app, headers={"Authorization": f"Bearer {mint(user.id)}"})
    assert (await http.post(user.path, json={"title": "Buy milk"})).status_code == 201


@pytest.mark.req("AUTH-FR-010")
async def test_a_websocket_is_refused(cookie_app: FastAPI) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    headers = [(b"cookie", b"better-auth.session_data=x")]
    await cookie_app({"type": "websocket", "path": "/api/x/tasks", "headers": headers}, receive, send)
    assert sent == [{"type": "websocket.close"}]
