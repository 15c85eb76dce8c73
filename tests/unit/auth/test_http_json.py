"""Fetching JSON from a JWKS endpoint that is slow, huge, moved or broken."""

import asyncio
import gzip
import json
import ssl
import time
from pathlib import Path

import httpx
import pytest

from src.auth.http_json import MAX_BYTES, FetchError, fetch_json
from tests.support.jwks_server import JwksServer, serving
from tests.unit.auth.certificates import self_signed

pytestmark = pytest.mark.req("AUTH-FR-045")


async def fetch(url: str, seconds: float = 2) -> object:
    async with httpx.AsyncClient() as http:
        return await fetch_json(http, httpx.URL(url), seconds=seconds)


async def why_not(url: str, seconds: float = 2) -> str:
    with pytest.raises(FetchError) as failure:
        await fetch(url, seconds)
    assert str(failure.value).isprintable()
    return str(failure.value)


async def test_a_document_is_read(server: JwksServer) -> None:
    assert await fetch(server.url) == server.document


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 404, 429, 500, 503])
async def test_another_status_is_a_failure(server: JwksServer, status: int) -> None:
    server.status, server.body = status, b""
    assert await why_not(server.url) == f"it responds with status {status}"


@pytest.mark.parametrize("body", [b"", b"<html>Not found</html>", b"{", b"\xff", b'{"keys":[]}x', b"[" * 200_000])
async def test_a_body_that_is_not_json_is_a_failure(server: JwksServer, body: bytes) -> None:
    server.body = body
    assert await why_not(server.url)


async def test_a_document_may_be_as_large_as_the_limit_and_no_larger(server: JwksServer) -> None:
    server.body = json.dumps("x" * (MAX_BYTES - 2)).encode()
    assert len(str(await fetch(server.url))) == MAX_BYTES - 2
    server.body += b" "
    assert await why_not(server.url) == "it sends more than 262144 bytes"


async def test_an_endless_document_is_not_read_to_its_end(server: JwksServer) -> None:
    server.body, server.chunk = b" " * (64 * MAX_BYTES), MAX_BYTES
    assert await why_not(server.url) == "it sends more than 262144 bytes"


async def test_compressed_bytes_are_not_inflated(server: JwksServer) -> None:
    server.body, server.headers = gzip.compress(b" " * (16 << 20)), {"Content-Encoding": "gzip"}
    assert len(server.body) < MAX_BYTES
    assert await why_not(server.url) == "the response is not JSON"


async def test_a_slowly_sent_document_times_out(server: JwksServer) -> None:
    server.chunk, server.delay = 1, 0.05
    started = time.monotonic()
    assert await why_not(server.url, seconds=0.3) == "no complete response within 0.3 s"
    assert time.monotonic() - started < 1


async def test_a_redirect_within_the_host_is_followed(server: JwksServer) -> None:
    async with serving({}) as moved:
        moved.status, moved.headers = 308, {"Location": server.url}
        assert await fetch(moved.url) == server.document


@pytest.mark.parametrize(
    "location",
    ["http://localhost:1/jwks", "http://127.0.0.2/", "https://example.com/", "//evil.example/"],
)
async def test_a_redirect_to_another_host_is_not_followed(server: JwksServer, location: str) -> None:
    server.status, server.headers = 302, {"Location": location}
    assert "which is not followed" in await why_not(server.url)
    assert server.hits == 1


async def test_a_redirect_from_https_to_http_is_not_followed(tmp_path: Path, server: JwksServer) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed())
    ours, theirs = ssl.create_default_context(cafile=certificate), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    async with serving({"keys": []}, tls=theirs) as secure, httpx.AsyncClient(verify=ours) as http:
        url = httpx.URL(secure.url).copy_with(scheme="https")
        assert await fetch_json(http, url, seconds=2) == {"keys": []}
        secure.status, secure.headers = 302, {"Location": server.url}
        with pytest.raises(FetchError, match="which is not followed"):
            await fetch_json(http, url, seconds=2)
    assert server.hits == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[", "http://127.0.0.1:99999/", "http://\x7f/", ""])
async def test_a_redirect_to_an_invalid_location_is_a_failure(server: JwksServer, location: str) -> None:
    server.status, server.headers = 302, {"Location": location}
    assert await why_not(server.url)


async def test_a_redirect_in_circles_ends(server: JwksServer) -> None:
    server.status, server.headers = 307, {"Location": "/api/auth/jwks"}
    assert await why_not(server.url) == "it redirects too often"
    assert server.hits == 4


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_an_invalid_http_response_is_a_failure(sent: bytes) -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as babbler:
        assert await why_not(f"http://127.0.0.1:{babbler.sockets[0].getsockname()[1]}/")


async def test_a_refused_connection_is_a_failure() -> None:
    async with serving({}) as server:
        url = server.url
    assert "ConnectError" in await why_not(url)
