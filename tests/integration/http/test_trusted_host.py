"""Trusted hosts: the host names for which the API accepts requests."""

import httpx
import pytest

from tests.conftest import ORIGIN, StartApp, client

_HOSTS = "api.example.com, *.Example.org"


@pytest.fixture
async def http(start_app: StartApp) -> httpx.AsyncClient:
    return client(await start_app(allowed_hosts=_HOSTS))


@pytest.mark.req("HTTP-FR-024")
@pytest.mark.parametrize(
    "host", ["api.example.com", "API.Example.com:8000", "tasks.example.org", "a.b.example.org:443"]
)
async def test_host_names_of_the_service_are_accepted(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/openapi.json", headers={"Host": host})).status_code == 200


@pytest.mark.req("HTTP-FR-024")
@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["example.org"],
        ["[::1]:80"],
        ["evilexample.org"],
        ["api.example.com.evil.example"],
        ["api.example.com@evil.example"],
        ["api.example.com:"],
        [":80"],
        [""],
        ["\xe4pi.example.com"],
        ["api.example.com", "evil.example"],
        ["api.example.com", "api.example.com"],
    ],
)
async def test_other_host_names_get_a_problem_that_browsers_can_read(http: httpx.AsyncClient, hosts: list[str]) -> None:
    headers = [*((b"Host", host.encode("latin-1")) for host in hosts), (b"Origin", ORIGIN.encode())]
    for path in ("/openapi.json", "/api/somebody/tasks", "/nothing"):
        refusal = await http.get(path, headers=headers)
        assert (refusal.status_code, refusal.json()["type"]) == (400, "urn:problem-type:host-not-allowed")
        assert refusal.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.req("HTTP-FR-024")
async def test_probes_may_come_by_address(http: httpx.AsyncClient) -> None:
    for path in ("/health", "/ready"):
        assert (await http.get(path, headers={"Host": "10.0.0.7:8000"})).status_code == 200


@pytest.mark.req("HTTP-FR-024")
async def test_any_host_name_is_accepted_if_none_is_set(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/health", headers={"Host": "anything.example"})).status_code == 200
