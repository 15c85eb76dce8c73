"""How the bytes of responses reach the network."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from src.server.protocol import LimitedHttpProtocol, Timeouts
from tests.support.hostile_clients import connected, serving
from tests.support.servers import Server
from tests.support.sse_client import served
from tests.support.tokens import mint


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), database_url) as server:
        yield server


def request(head: str, *headers: str) -> bytes:
    return "\r\n".join((f"{head} HTTP/1.1", "Host: a", *headers, "", "")).encode()


@pytest.mark.req("HTTP-FR-030")
@pytest.mark.parametrize("path", ["/health", "/unknown", "/docs"])
def test_head_and_body_of_a_response_arrive_together(server: Server, path: str) -> None:
    with closing(connected(server)) as client:
        for _ in range(50):
            client.sendall(request(f"GET {path}"))
            head, _, body = client.recv(65536).partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head
            assert body


@pytest.mark.req("HTTP-FR-030")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_response_without_a_body_arrives_at_once_and_keeps_the_connection(server: Server, method: str) -> None:
    with closing(connected(server)) as client:
        client.settimeout(10)
        for _ in range(3):
            client.sendall(request(f"{method} /health"))
            assert client.recv(65536).startswith(b"HTTP/1.1 ")


@pytest.mark.req("HTTP-FR-030")
def test_pipelined_responses_arrive_in_order(server: Server) -> None:
    with closing(connected(server)) as client:
        paths = ["/health", "/docs"] * 4
        client.sendall(b"".join(request(f"{'HEAD' if i % 3 == 2 else 'GET'} {path}") for i, path in enumerate(paths)))
        received = b""
        while received.count(b"HTTP/1.1") < len(paths):
            received += client.recv(65536)
    bodies = [part.partition(b"\r\n\r\n")[2].strip() for part in received.split(b"HTTP/1.1 ")[1:]]
    assert [body[:9] for body in bodies] == [
        b'{"status"',
        b"<!DOCTYPE",
        b"",
        b"<!DOCTYPE",
        b'{"status"',
        b"",
        b'{"status"',
        b"<!DOCTYPE",
    ]


@pytest.mark.req("HTTP-FR-030")
def test_a_client_that_expects_100_gets_it_before_it_sends_the_body(server: Server) -> None:
    token = f"Authorization: Bearer {mint('expects-100')}"
    body = b'{"title": "Buy milk"}'
    headers = (token, "Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with closing(connected(server)) as client:
        client.settimeout(10)
        for _ in range(2):
            client.sendall(request("POST /api/expects-100/tasks", *headers))
            assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(body)
            assert client.recv(65536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.req("HTTP-FR-030")
@pytest.mark.parametrize("fails", [True, False])
async def test_a_response_that_ends_before_its_body_is_a_500(*, fails: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - as of ASGI
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if fails:
            raise RuntimeError

    protocol = partial(LimitedHttpProtocol, timeouts=Timeouts(25, 25, None))
    async with served(app, protocol) as url, httpx.AsyncClient(timeout=5) as client:
        response = await client.get(url)
    assert (response.status_code, response.headers["Connection"]) == (500, "close")


@pytest.mark.req("HTTP-FR-030")
@pytest.mark.parametrize(
    "header",
    [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\nx-b: 2"),
        (b"x-a", b"1\r"),
        (b"x-a", b"\0"),
        (b"x a", b"1"),
        (b"x-a:", b"1"),
    ],
)
async def test_a_response_with_an_invalid_header_is_not_sent(header: tuple[bytes, bytes]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - as of ASGI
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2"), header]})
        await send({"type": "http.response.body", "body": b"{}"})

    protocol = partial(LimitedHttpProtocol, timeouts=Timeouts(25, 25, None))
    async with served(app, protocol) as url, httpx.AsyncClient(timeout=5) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await client.get(url)
