"""Rate limits: each user and each network has a limit of its own."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from src.rate_limiting.stores import CAPACITY
from tests.conftest import JSON, ORIGIN, StartApp, User
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_BAD = {"Authorization": "Bearer bad"}


@pytest.fixture
async def limited(start_app: StartApp) -> FastAPI:
    return await start_app(rate_limit="3/day", rate_limit_auth_failures="2/day")


def somewhere(app: FastAPI, host: str = "192.0.2.1") -> httpx.AsyncClient:
    """Return a client at this address."""
    transport = httpx.ASGITransport(app, client=(host, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


async def fail(app: FastAPI, *hosts: str) -> list[int]:
    return [(await somewhere(app, host).get("/api/somebody/tasks", headers=_BAD)).status_code for host in hosts]


@pytest.mark.req("LIM-FR-001")
async def test_a_user_over_the_limit_is_refused_before_the_body_is_read(limited: FastAPI) -> None:
    user = User(limited)
    for _ in range(3):
        await user.create()

    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append("a part")
        yield b"{}"

    refusal = await user.post(content=body(), headers=JSON)
    assert not read
    assert (refusal.status_code, refusal.headers["Content-Type"]) == (429, "application/problem+json")
    problem = refusal.json()
    assert (problem["type"], problem["violated-policies"]) == ("urn:problem-type:quota-exceeded", ["user"])
    assert 0 < int(refusal.headers["Retry-After"]) <= 86_400
    assert refusal.headers["Retry-After"] in problem["detail"]


@pytest.mark.req("LIM-FR-002")
async def test_every_request_of_a_user_counts_and_none_of_others(limited: FastAPI) -> None:
    user, stranger = User(limited), User(limited)
    responses = [await user.get(), await user.get("/nowhere/at/all"), await user.http.get(stranger.path)]
    assert [response.status_code for response in responses] == [200, 404, 403]
    assert [(await user.request(method)).status_code for method in ("GET", "DELETE", "HEAD")] == [429, 429, 429]
    assert (await stranger.get()).status_code == 200


@pytest.mark.req("LIM-FR-003")
async def test_a_network_that_keeps_failing_is_refused_and_valid_users_in_it_are_not(limited: FastAPI) -> None:
    assert await fail(limited, *["192.0.2.1"] * 4) == [401, 401, 429, 429]
    refusal = await somewhere(limited).get("/api/somebody/tasks")
    assert (refusal.status_code, refusal.json()["violated-policies"]) == (429, ["failures"])
    valid = {"Authorization": f"Bearer {mint('somebody-behind-the-same-router')}"}
    for _ in range(3):
        served = await somewhere(limited).get("/api/somebody-behind-the-same-router/tasks", headers=valid)
        assert served.status_code == 200
    assert await fail(limited, "192.0.2.2") == [401]


@pytest.mark.req("LIM-FR-004")
@pytest.mark.parametrize(
    ("hosts", "statuses"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2:3:4:5:6", "2001:db8:1:3::1"], [401, 401, 429, 401]),
        (["198.51.100.1", "::ffff:198.51.100.1", "198.51.100.1", "::ffff:198.51.100.2"], [401, 401, 429, 401]),
        (["fe80::1%eth0", "fe80::2%eth1", "fe80::1"], [401, 401, 429]),
        (["nonsense", "x" * 9000, "\udfff", ""], [401, 401, 429, 429]),
    ],
)
async def test_a_network_is_an_ipv4_address_or_64_bits_of_an_ipv6_one(
    limited: FastAPI, hosts: list[str], statuses: list[int]
) -> None:
    assert await fail(limited, *hosts) == statuses


@pytest.mark.req("LIM-FR-004")
def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_names(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "RATE_LIMIT_AUTH_FAILURES": "1/day"}
    for trusted, statuses in (("127.0.0.1", [401, 401, 429]), ("192.0.2.9", [401, 429, 429])):
        server = Server(tmp_path, "-m", "src", "serve", FORWARDED_ALLOW_IPS=trusted, **settings)
        with server, httpx.Client(base_url=server.url) as http:
            named = ["192.0.2.1", "192.0.2.2", "192.0.2.2"]
            responses = [http.get("/api/x/tasks", headers={"X-Forwarded-For": host}) for host in named]
            assert [response.status_code for response in responses] == statuses


@pytest.mark.req("LIM-FR-005")
async def test_every_response_to_a_user_has_the_remaining_requests(limited: FastAPI) -> None:
    user = User(limited)
    seen = [await user.get(headers={"Origin": ORIGIN}), await user.get(1), await user.post(), await user.get()]
    assert [response.status_code for response in seen] == [200, 404, 422, 429]
    for left, response in zip([2, 1, 0, 0], seen, strict=True):
        assert response.headers["RateLimit-Policy"] == '"user";q=3;w=86400'
        assert re.fullmatch(rf'"user";r={left};t=[0-9]+', response.headers["RateLimit"])
    assert {"RateLimit", "RateLimit-Policy"} <= set(seen[0].headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.req("LIM-FR-005")
async def test_a_refused_token_gets_the_remaining_failures(limited: FastAPI) -> None:
    response = await somewhere(limited).get("/api/somebody/tasks")
    assert (response.status_code, response.headers["RateLimit-Policy"]) == (401, '"failures";q=2;w=86400')
    assert re.fullmatch('"failures";r=1;t=[0-9]+', response.headers["RateLimit"])


@pytest.mark.req("LIM-FR-006")
async def test_public_paths_and_preflights_are_never_limited(limited: FastAPI) -> None:
    browser = somewhere(limited)
    assert await fail(limited, *["192.0.2.1"] * 3) == [401, 401, 429]
    for path in ("/health", "/ready", "/openapi.json") * 3:
        response = await browser.get(path, headers=_BAD)
        assert (response.status_code, "RateLimit" in response.headers) == (200, False)
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    assert (await browser.options("/api/somebody/tasks", headers=preflight)).status_code == 200


@pytest.mark.req("LIM-FR-007")
@pytest.mark.parametrize("off", ["off", "OFF", "0"])
async def test_limits_can_be_switched_off(start_app: StartApp, off: str) -> None:
    app = await start_app(rate_limit=off, rate_limit_auth_failures=off)
    user = User(app)
    responses: list[Any] = [await user.get() for _ in range(40)]
    assert {(response.status_code, "RateLimit" in response.headers) for response in responses} == {(200, False)}
    assert await fail(app, *["192.0.2.1"] * 40) == [401] * 40


@pytest.mark.req("LIM-FR-010")
async def test_a_flood_of_addresses_takes_bounded_memory(limited: FastAPI) -> None:
    counters = limited.state.components.counters
    for number in range(CAPACITY + 1000):
        await counters.increment(f"failures:0:{number}", 60)
    assert len(counters) == CAPACITY
    assert await fail(limited, *["192.0.2.1"] * 3) == [401, 401, 429]
    assert len(counters) == CAPACITY
