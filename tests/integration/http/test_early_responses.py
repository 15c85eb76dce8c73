"""Responses to requests that have not arrived completely: a proxy must get them before the connection closes."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.hostile_clients import GONE_SECONDS, response_until_closed, serving, stream
from tests.support.servers import Server

_LAST = b"Connection: close\r\n"
_REFUSED = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x.y.z\r\nContent-Length: 1000000\r\n"
_BODY = b" " * 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    program = "tests.support.impatient_server"
    with serving(tmp_path_factory.mktemp("server"), database_url, program=program) as server:
        yield server


@pytest.mark.req("HTTP-FR-075")
@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
async def test_the_response_is_not_lost_while_the_body_arrives(server: Server, version: bytes) -> None:
    request = _REFUSED.replace(b"HTTP/1.1", version) + _LAST + b"\r\n" + _BODY
    for _ in range(10):
        async with stream(server) as (reader, writer), asyncio.timeout(GONE_SECONDS):
            writer.write(request + b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            await writer.drain()
            response = await reader.read()  # raises an error if the connection is reset
        assert response[9:12] in {b"401", b"429"}
        assert b"\r\nconnection: close\r\n" in response
        assert response.count(b"HTTP/1.1 ") == 1


@pytest.mark.req("HTTP-FR-075")
@pytest.mark.parametrize("connection", [b"", _LAST])
async def test_a_body_that_never_ends_gets_no_second_response(server: Server, connection: bytes) -> None:
    response = await response_until_closed(server, _REFUSED + connection + b"\r\n{", drip=b" ")
    assert response[9:12] in {b"401", b"429"}
    assert response.count(b"HTTP/1.1 ") == 1


@pytest.mark.req("HTTP-FR-076")
async def test_a_refusal_instead_of_100_continue_is_the_last_response(server: Server) -> None:
    """Apache responds 500 otherwise, because it does not know whether the body is expected to follow."""
    async with stream(server) as (reader, writer), asyncio.timeout(GONE_SECONDS):
        writer.write(_REFUSED + b"Expect: 100-continue\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
    assert head[9:12] in {b"401", b"429"}
    assert b"\r\nconnection: close\r\n" in head
