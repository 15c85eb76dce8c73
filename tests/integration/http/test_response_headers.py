"""Security and caching headers of every response."""

from typing import NoReturn

import httpx
import pytest

from src.services.tasks.service import TaskService
from tests.conftest import ORIGIN, StartApp, User, client

_SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


@pytest.mark.req("HTTP-FR-022")
@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/openapi.json", "/api/somebody/tasks", "/nothing"])
async def test_every_response_has_them(anonymous: httpx.AsyncClient, path: str) -> None:
    response = await anonymous.get(path)
    for name, value in {**_SECURITY, "cache-control": "no-store"}.items():
        assert value in response.headers.get_list(name)  # pages have a Content-Security-Policy of their own, too
    assert "strict-transport-security" not in response.headers


@pytest.mark.req("HTTP-FR-022")
async def test_errors_and_preflights_have_them_too(user: User, anonymous: httpx.AsyncClient) -> None:
    responses = [
        await user.get("/1"),
        await user.post(json={}),
        await user.post(content=b"x" * 2_000_000),
        await anonymous.options(user.path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
    ]
    assert [each.status_code for each in responses] == [404, 422, 413, 200]
    for response in responses:
        assert response.headers.items() >= {**_SECURITY, "cache-control": "no-store"}.items()


@pytest.mark.req("HTTP-FR-023")
async def test_responses_with_an_etag_are_cached_privately_and_revalidated(user: User) -> None:
    task = await user.create()
    for path in ("", f"/{task['id']}"):
        first = await user.get(path)
        again = await user.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert [each.status_code for each in (first, again)] == [200, 304]
        assert {each.headers["cache-control"] for each in (first, again)} == {"private, no-cache"}


@pytest.mark.req("HTTP-FR-022")
async def test_hsts_is_sent_where_the_operator_enables_it(start_app: StartApp) -> None:
    response = await client(await start_app(hsts_max_age="31536000")).get("/health")
    assert response.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.req("HTTP-FR-022", "LIM-FR-005", "OBS-FR-004")
async def test_each_response_has_the_headers_of_every_response_once(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await start_app(rate_limit="4/day", rate_limit_auth_failures="1/day")
    user, origin, bad = User(app), {"Origin": ORIGIN}, {"Authorization": "Bearer bad"}
    preflight = origin | {"Access-Control-Request-Method": "GET"}
    responses = [
        await user.request("HEAD"),
        await user.post(json={}, headers=origin),
        await user.get("/nothing/at/all"),
    ]
    with monkeypatch.context() as patched:
        patched.setattr(TaskService, "list_tasks", _fail)
        responses += [await user.get(headers=origin), await user.get()]
    responses += [await client(app).get(user.path, headers=bad) for _ in range(2)]
    assert [each.status_code for each in responses] == [200, 422, 404, 500, 429, 401, 429]
    for each in responses:
        for name in (*_SECURITY, "cache-control", "x-request-id", "ratelimit", "ratelimit-policy"):
            assert len(each.headers.get_list(name)) == 1, (each.status_code, name)
    allowed = await client(app).options(user.path, headers=preflight)
    assert [len(allowed.headers.get_list(name)) for name in (*_SECURITY, "x-request-id", "ratelimit")] == [1] * 5 + [0]


async def _fail(*_: object) -> NoReturn:
    raise RuntimeError
