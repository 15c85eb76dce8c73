"""`python -m src serve` among clients that send too much, too slowly or nothing, and read too slowly or not at all."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from src.server import protocol, slow_reader
from tests.support.hostile_clients import (
    GONE_SECONDS,
    STEADY_BUFFER,
    connections,
    drip_read,
    exchange,
    failures,
    fill,
    memory,
    read_steadily,
    reluctant,
    response_until_closed,
    send_without_end,
    serving,
    vanish,
)
from tests.support.lock_helpers import reached
from tests.support.servers import Server
from tests.support.stopwatch import Stopwatch
from tests.support.tokens import mint

_MIB = 1024 * 1024
_TOKEN = f"Authorization: Bearer {mint('somebody')}\r\n".encode()
_POST = b"POST /api/somebody/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + _TOKEN
_GET = b"GET /api/%s/tasks HTTP/1.1\r\nHost: a\r\n"
_STEADY_SECONDS = 6
"""Longer than `impatient_server` allows a client to read too slowly."""
_STEADY_BYTES = _STEADY_SECONDS * slow_reader.MIN_READ_RATE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    program = "tests.support.impatient_server"
    with serving(tmp_path_factory.mktemp("server"), database_url, program=program) as server:
        yield server


@pytest.mark.req("HTTP-FR-001")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX-Large: ", b"\r\n\r\n"),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nCookie: b=", b""),
        (b"GET /health?", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"Many: headers\r\n" * 5000, b"\r\n"),
    ],
    ids=["header", "unfinished", "address", "many"],
)
async def test_a_request_head_that_is_too_large_is_refused(server: Server, before: bytes, after: bytes) -> None:
    head, body = await exchange(server, before.ljust(64 * 1024 + 1 - len(after), b"a") + after)
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in head
    assert b"urn:problem-type:request-head-too-large" in body


@pytest.mark.req("HTTP-FR-001")
async def test_a_request_head_of_64_kib_is_served(server: Server) -> None:
    before, after = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Large: ", b"\r\n\r\n"
    head, _ = await exchange(server, before.ljust(64 * 1024 - len(after), b"a") + after)
    assert head.startswith(b"HTTP/1.1 200 ")


@pytest.mark.req("HTTP-FR-001")
@pytest.mark.parametrize(
    "beginning",
    [b"GET / HTTP/1.1\r\nX-Large: ", b"GET /", _POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: ", b"\r\n"],
    ids=["header", "address", "trailer", "nothing"],
)
async def test_an_endless_request_head_takes_no_memory(server: Server, beginning: bytes) -> None:
    before = memory(server)
    sent = await send_without_end(server, beginning, filler=b"a" * _MIB if beginning.strip() else b"\r\n" * _MIB)
    assert sent < 100 * _MIB
    assert memory(server) - before < 50 * _MIB
    assert (await exchange(server, b"GET /health HTTP/1.0\r\n\r\n"))[0].startswith(b"HTTP/1.1 200 ")


@pytest.mark.req("HTTP-FR-002")
async def test_a_request_that_is_not_http_gets_a_problem(server: Server) -> None:
    head, body = await exchange(server, b"EHLO example.com\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"urn:problem-type:invalid-http" in body


@pytest.mark.req("HTTP-FR-022", "HTTP-FR-023")
async def test_errors_of_the_server_have_the_headers_of_every_response(server: Server) -> None:
    head, _ = await exchange(server, b"EHLO example.com\r\n\r\n")
    async with httpx.AsyncClient(base_url=server.url) as http:
        usual = dict((await http.get("/health")).headers)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert {name: headers.get(name) for name in usual} == usual | {
        "content-type": "application/problem+json",
        "content-length": headers["content-length"],
        "date": headers["date"],
        "vary": None,
        "x-request-id": None,
    }


@pytest.mark.req("HTTP-FR-003", "HTTP-FR-004", "HTTP-FR-005", "HTTP-FR-006")
async def test_a_client_that_sends_too_slowly_is_disconnected(server: Server) -> None:
    """Concurrently, because each case takes seconds."""
    head, body = _GET % b"somebody", _POST + b"Content-Length: 100\r\n\r\n{"
    responses = await asyncio.gather(
        response_until_closed(server, head),
        response_until_closed(server, head + b"X: ", drip=b"a"),
        response_until_closed(server, body),
        response_until_closed(server, body, drip=b" "),
        response_until_closed(server, _POST + b"Transfer-Encoding: chunked\r\n\r\n", drip=b"1\r\n \r\n"),
        response_until_closed(server, b""),
        response_until_closed(server, b"", drip=b"\r\n"),
        response_until_closed(server, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"),
        response_until_closed(server, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", drip=b"\r\n"),
    )
    assert [each[9:12] for each in responses] == [b"408", b"408", b"", b"", b"", b"", b"408", b"200", b"200"]


@pytest.mark.req("HTTP-FR-003", "HTTP-FR-004", "HTTP-FR-005", "HTTP-FR-006", "HTTP-FR-007")
def test_the_timeouts_in_production_are_those_of_the_specification() -> None:
    """The other tests shorten them; connections are checked every two seconds."""
    assert 20 <= protocol.REQUEST_TIMEOUT_SECONDS <= 30 - 2 * 2
    assert 20 <= slow_reader.MEASUREMENT_SECONDS <= 40 - 2 * 2


def list_request(owner: str) -> bytes:
    return _GET % owner.encode() + f"Authorization: Bearer {mint(owner)}\r\n\r\n".encode()


@pytest.mark.req("HTTP-FR-007", "HTTP-FR-013")
async def test_a_client_that_does_not_read_is_disconnected_and_a_reader_is_not(
    server: Server, database_url: str
) -> None:
    """Concurrently, because each case takes seconds."""
    owners = [f"reader-{number}" for number in range(4)]  # each has its own share of the memory for large responses
    fill(database_url, "steady-reader", tasks=3000)
    for owner in owners:
        fill(database_url, owner, tasks=1000)
    with ExitStack() as stack:
        steady = stack.enter_context(reluctant(server, STEADY_BUFFER))
        steady.sendall(list_request("steady-reader").replace(b"/tasks", b"/tasks/events?since=0"))
        await asyncio.to_thread(read_steadily, steady, 1)
        readers = [stack.enter_context(reluctant(server)) for _ in owners]
        for each, owner in zip(readers, owners, strict=True):
            each.sendall(list_request(owner) * 3)
        await asyncio.sleep(1)
        assert len(connections(server, readers)) == len(readers)
        reading = asyncio.create_task(asyncio.to_thread(read_steadily, steady, _STEADY_SECONDS, _STEADY_BYTES))
        dripping = asyncio.create_task(asyncio.to_thread(drip_read, readers[0]))
        await reached(lambda: not connections(server, readers), GONE_SECONDS)
        assert await dripping
        await reading


@pytest.mark.req("HTTP-FR-016")
async def test_other_clients_are_served_meanwhile(server: Server, database_url: str) -> None:
    fill(database_url, "slow-reader", tasks=100)
    reading = list_request("slow-reader")
    with ExitStack() as stack:
        for number in range(150):
            slow = stack.enter_context(reluctant(server))
            slow.sendall([_GET % b"somebody", _POST + b"Content-Length: 9\r\n\r\n{", reading][number % 3])
        for number in range(200):
            vanish(server, [_GET % b"somebody" + _TOKEN + b"\r\n", _POST + b"Content-Length: 9\r\n\r\n{"][number % 2])
        async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": _TOKEN.decode()[15:-2]}) as http:
            for _ in range(20):
                took = Stopwatch(server.pid)
                assert (await http.get("/api/somebody/tasks")).status_code == 200
                assert took.seconds < 2
    assert failures(server) == []
    assert not re.search('"status":5(?!03)', server.output)  # large responses to clients that do not read are 503


@pytest.mark.req("HTTP-FR-077")
@pytest.mark.parametrize("value", [b"a" * 32, b" \t " + b"a" * 32 + b" \t "])
async def test_white_space_around_the_value_of_a_header_is_ignored(server: Server, value: bytes) -> None:
    head, _ = await exchange(server, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID:" + value + b"\r\n\r\n")
    assert b"x-request-id: " + b"a" * 32 + b"\r\n" in head.lower() + b"\r\n"


@pytest.mark.req("HTTP-FR-014")
@pytest.mark.parametrize("body", [b"Content-Length: 34\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_body_is_not_parsed_as_a_request_if_an_upgrade_is_requested(server: Server, body: bytes) -> None:
    upgrade = b"PATCH /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + body
    head, content = await exchange(server, upgrade + b"\r\nGET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(content)["type"] == "urn:problem-type:upgrade-with-body"


@pytest.mark.req("HTTP-FR-014")
async def test_an_upgrade_is_ignored_if_there_is_no_body(server: Server) -> None:
    head, _ = await exchange(server, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert "pgrade" not in server.output
