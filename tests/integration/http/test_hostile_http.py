"""Malformed requests are refused or disconnected, and the next request is served."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.support.hostile_clients import failures
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_CONNECTIONS = 600
_AT_ONCE = 50
_IDLE_SECONDS = 0.5
_SETTINGS = {
    "BETTER_AUTH_SECRET": SECRET,
    "BETTER_AUTH_COOKIE_CACHE": "true",
    "RATE_LIMIT": "off",
    "RATE_LIMIT_AUTH_FAILURES": "off",
}
_STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)
_TOKEN = f"Authorization: Bearer {mint('somebody')}".encode()
_TASKS = b"/api/somebody/tasks"
_JSON = b"Content-Type: application/json"

_METHODS = [
    b"GET",
    b"POST",
    b"PUT",
    b"PATCH",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"",
]
_TARGETS = [
    *(_TASKS, _TASKS + b"/1", _TASKS + b"/1/complete", b"/health", b"/ready", b"/openapi.json", b"*", b"", b"//", b"?"),
    *(b"http://elsewhere.example/api/somebody/tasks", b"elsewhere.example:443", b"/../../etc/passwd", b"/%2e%2e/%00"),
    *(b"/api/%ff%fe/tasks", b"/api/\xff\xfe/tasks", b"/api/%ED%A0%80/tasks", b"/api/somebody%2Ftasks/tasks", b"/%"),
    *(_TASKS + b"/" + b"9" * 5000, _TASKS + b"/-0", _TASKS + b"/\xd9\xa3", _TASKS + b"/1e400", _TASKS + b"/" * 4000),
    *(_TASKS + b"?" + query for query in (b"q=%ff", b"q=\xff\x00", b"limit=" + b"9" * 5000, b"&=&", b"q=%ED%A0%80")),
]
_HEADERS = [
    *(b"Content-Length: 5", b"Content-Length: 18446744073709551616", b"Content-Length: -1", b"Content-Length: 5, 6"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"transfer-encoding:\tchunked"),
    *(b"Expect: 100-continue", b"Connection: close", b"Connection: upgrade", b"Upgrade: websocket", b"Upgrade: h2c"),
    *(b"If-Match: " + value for value in (b"*", b'"1"', b"W/" * 2000, b"\xff", b'"' + b"9" * 5000 + b'"', b",,,")),
    *(b"If-None-Match: " + value for value in (b"*", b'"1", "2"', b"\xb2")),
    *(b"Origin: null", b"Origin: \xff", b"Access-Control-Request-Method: GET", b"Accept: " + b"x/" * 3000),
    *(b"Cookie: \xff\xfe=\x01; better-auth.session_data=x.y.z", b"Cookie: " + b"a=b;" * 2000, b"Host: \xff", b"Host:"),
    *(b"Authorization: Bearer \xff\xfe", b"Authorization: Bearer", b"Authorization: Basic x", _TOKEN, b": empty"),
    *(b"X-Forwarded-For: \xff, , x", b"X-Forwarded-For: " + b"1.2.3.4," * 1000, b"X-Forwarded-Proto: javascript"),
    *(b"Range: bytes=0-", b"Content-Encoding: gzip", b"Content-Type: \xff", b"Content-Type: a/b; charset=\x01", _JSON),
    *(
        b" folded: line",
        b"no colon",
        b"Name With Space: x",
        b"X-\x00: \x00",
        b"Last-Event-ID: \xff",
        b"X: " + b"y" * 9000,
    ),
]
_BODIES = [
    *(
        b"",
        b"x",
        b'{"title": "Buy milk"}',
        b"\xff" * 50,
        b"0\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nx",
    ),
    *(
        b"-5\r\nhello\r\n",
        b"5;ext=" + b"x" * 5000 + b"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        b"[" * 60_000,
        b"GET / HTTP/1.1\r\n",
    ),
]


def _request(random: Random) -> bytes:
    """Return a random, mostly malformed request; half of them have a token and get further."""
    headers = (
        random.choices(_HEADERS, k=random.randrange(6)) + [b"Host: api.test", _TOKEN, _JSON][: random.choice([1, 3])]
    )
    random.shuffle(headers)
    line = b" ".join(
        [random.choice(_METHODS), random.choice(_TARGETS), random.choice([b"HTTP/1.1"] * 8 + [b"HTTP/9.9", b""])]
    )
    return b"\r\n".join([line, *headers, b"", random.choice(_BODIES)])


def _proper(random: Random) -> bytes:
    """Return a request that is malformed in one part only."""
    odd = random.choice([header for header in _HEADERS if b"ngth:" not in header and b"oding:" not in header])
    path = random.choice([_TASKS, _TASKS + b"/1", _TASKS + b"?limit=x", b"/api/somebody-else/tasks"])
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: api.test", _TOKEN, odd, b"", b""])


def _several(random: Random) -> bytes:
    """Return pipelined requests."""
    return b"".join(_request(random) for _ in range(random.randrange(2, 5)))


def _mutated(random: Random) -> bytes:
    """Return a request with some bytes changed or missing."""
    data = bytearray(_request(random))
    for _ in range(random.randrange(1, 8)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data[: random.randrange(len(data))] if random.random() < 0.3 else data)


def _noise(random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 3000))


_MAKERS: list[Callable[[Random], bytes]] = [_request, _request, _proper, _several, _mutated, _noise]


def _requests(seed: int) -> Iterator[bytes]:
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(_CONNECTIONS):
        yield random.choice(_MAKERS)(random)


async def _statuses(port: int, data: bytes, at_once: asyncio.Semaphore) -> set[int]:
    """Return the statuses of the responses until the server closes, or waits for more input."""
    received = b""
    async with at_once:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        with suppress(OSError, TimeoutError):
            while part := await asyncio.wait_for(reader.read(65_536), _IDLE_SECONDS):
                received += part
        writer.close()
    statuses = {int(status) for status in _STATUS.findall(received)}
    assert max(statuses, default=0) < 500, data
    return statuses


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, metafunc.config.getoption("--seeds") + 1))


@pytest.mark.req("HTTP-FR-026")
async def test_no_bytes_cause_a_5xx(tmp_path: Path, database_url: str, seed: int) -> None:
    with Server(tmp_path, "-m", "src", "serve", DATABASE_URL=database_url, **_SETTINGS) as server:
        at_once = asyncio.Semaphore(_AT_ONCE)
        seen = await asyncio.gather(*(_statuses(server.port, data, at_once) for data in _requests(seed)))
        assert set().union(*seen) >= {200, 400, 401, 403, 404, 405, 422}
        assert failures(server) == []
        assert await asyncio.to_thread(server.serves)
