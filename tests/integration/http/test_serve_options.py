"""The options of `python -m src serve` for addresses and timeouts."""

import asyncio
import select
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from src.server.listening import listen
from tests.support.commands import invoke
from tests.support.hostile_clients import response_until_closed, serving
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
_EVENTS = f"GET /api/somebody/tasks/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mint('somebody')}\r\n\r\n"
_OPTIONS = ("--host=::", "--keep-alive=6", "--request-timeout=1", "--stream-timeout=1")


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("server"), database_url, *_OPTIONS) as server:
        yield server


async def seconds_until_closed(server: Server, request: bytes) -> tuple[float, bytes]:
    """Return the time until the server closed the connection, and all that it sent."""
    started = time.monotonic()
    received = await response_until_closed(server, request)
    return time.monotonic() - started, received


@pytest.mark.req("HTTP-FR-056")
async def test_timeouts_are_options(server: Server) -> None:
    """Connections are checked every two seconds."""
    idle, silent, stream = await asyncio.gather(
        seconds_until_closed(server, _HEALTH),
        seconds_until_closed(server, b"GET /health HTTP/1.1\r\nHost:"),
        seconds_until_closed(server, _EVENTS.encode()),
    )
    assert 6 <= idle[0] < 9.5
    assert 1 <= silent[0] < 4
    assert silent[1].startswith(b"HTTP/1.1 408")
    assert stream[1].startswith(b"HTTP/1.1 200")
    assert b"0\r\n\r\n" in stream[1]
    assert 7 <= stream[0] < 10.5  # the connection is kept for the next request


@pytest.mark.req("HTTP-FR-057")
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_address_of_all_serves_ipv6_and_ipv4(server: Server, address: str) -> None:
    with socket.create_connection((address, server.port), timeout=5) as client:
        client.sendall(_HEALTH)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.req("HTTP-FR-057")
def test_clients_of_ipv4_have_addresses_of_ipv4() -> None:
    """Proxies are trusted, and refused tokens are counted, by these addresses."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    sockets = listen("::", port)
    with socket.create_connection(("127.0.0.1", port)):
        [waiting] = select.select(sockets, [], [], 5)[0]
        accepted, address = waiting.accept()
        accepted.close()
    for each in sockets:
        each.close()
    assert address[0] == "127.0.0.1"


@pytest.mark.req("HTTP-FR-057")
def test_a_port_in_use_is_reported_in_one_sentence(server: Server, tmp_path: Path, database_url: str) -> None:
    arguments = ("serve", "--host=::", f"--port={server.port}")
    ended = invoke(tmp_path, *arguments, DATABASE_URL=database_url, BETTER_AUTH_SECRET=SECRET)
    assert ended.returncode == 1
    assert ended.stdout == f"Cannot listen on ::, port {server.port}: Address already in use\n"


@pytest.mark.req("HTTP-FR-057")
def test_a_host_name_listens_on_all_its_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    sockets = listen("localhost", port)
    try:
        assert ("127.0.0.1", port) in {each.getsockname()[:2] for each in sockets}
    finally:
        for each in sockets:
            each.close()
    with pytest.raises(SystemExit, match=r"Cannot listen on 192\.0\.2\.1, port"):
        listen("192.0.2.1", port)
