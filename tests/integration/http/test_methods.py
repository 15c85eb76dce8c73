"""HEAD, and methods that are not documented."""

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from src.api.middleware.head_requests import HeadRequestMiddleware
from tests.conftest import ORIGIN, User


@pytest.mark.req("HTTP-FR-027")
async def test_head_is_get_without_the_body(user: User) -> None:
    task = await user.create()
    for path in (user.path, f"{user.path}/{task['id']}", f"{user.path}/0", f"{user.path}/", "/health", "/openapi.json"):
        origin = {"Origin": ORIGIN, "X-Request-ID": "the-same"}
        got, head = await user.http.get(path, headers=origin), await user.http.head(path, headers=origin)
        assert (head.status_code, head.content) == (got.status_code, b"")
        varying = {"ratelimit": ""}
        assert dict(head.headers) | varying == dict(got.headers) | varying


@pytest.mark.req("HTTP-FR-027")
async def test_head_needs_a_token_and_finds_no_other_methods(user: User, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.head(user.path)).status_code == 401
    assert (await user.request("HEAD", "/1/complete")).status_code == 405


@pytest.mark.req("HTTP-FR-027")
async def test_head_does_not_wait_for_a_body_that_never_ends() -> None:
    async def endless(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
        await send({"type": "http.response.body", "body": b"data: 1", "more_body": True})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await HeadRequestMiddleware(endless)({"type": "http", "method": "HEAD"}, receive=_nothing, send=send)
    assert len(sent) == 2


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.req("HTTP-FR-028")
@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PROPFIND", "M-SEARCH"])
async def test_a_method_that_a_path_does_not_have_is_refused(user: User, method: str) -> None:
    for path, allowed in (
        (user.path, "GET, HEAD, POST"),
        ("/health", "GET, HEAD"),
        (f"{user.path}/1/complete", "PATCH"),
    ):
        response = await user.http.request(method, path)
        assert (response.status_code, response.headers["Content-Type"]) == (405, "application/problem+json")
        assert response.headers["Allow"] == allowed
