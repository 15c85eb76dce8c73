"""What every answer tells browsers and those in between."""

import httpx
import pytest

from tests.conftest import ORIGIN, StartApp, User, client

_SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


@pytest.mark.req("OPS-FR-015")
@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/api/somebody/tasks", "/nothing"])
async def test_every_answer_has_them(anybody: httpx.AsyncClient, path: str) -> None:
    answer = await anybody.get(path)
    assert answer.headers.items() >= {**_SECURITY, "cache-control": "no-store"}.items()
    assert "strict-transport-security" not in answer.headers


@pytest.mark.req("OPS-FR-015")
async def test_errors_and_preflights_have_them_too(user: User, anybody: httpx.AsyncClient) -> None:
    answers = [
        await user.get("/1"),
        await user.post(json={}),
        await user.post(content=b"x" * 2_000_000),
        await anybody.options(user.path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
    ]
    assert [each.status_code for each in answers] == [404, 422, 413, 200]
    for answer in answers:
        assert answer.headers.items() >= {**_SECURITY, "cache-control": "no-store"}.items()


@pytest.mark.req("OPS-FR-016")
async def test_only_the_users_browser_keeps_what_has_an_etag_and_asks_each_time(user: User) -> None:
    task = await user.create()
    for path in ("", f"/{task['id']}"):
        known = await user.get(path)
        again = await user.get(path, headers={"If-None-Match": known.headers["ETag"]})
        assert [each.status_code for each in (known, again)] == [200, 304]
        assert {each.headers["cache-control"] for each in (known, again)} == {"private, no-cache"}


@pytest.mark.req("OPS-FR-015")
async def test_browsers_insist_on_tls_where_the_operator_says_so(start_app: StartApp) -> None:
    answer = await client(await start_app(hsts_max_age="31536000")).get("/health")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
