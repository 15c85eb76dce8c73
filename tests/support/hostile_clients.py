"""Hostile and careless clients for a server that runs as in production, and their effects on it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from tests.support.programs import sql
from tests.support.servers import Server
from tests.support.tokens import SECRET

GONE_SECONDS = 30
"""Much longer than every timeout of `impatient_server`."""

STEADY_BUFFER = 100_000
"""The receive buffer of a steady reader, small enough that the server has to wait for it."""


def serving(folder: Path, database_url: str, *options: str, program: str = "src") -> Server:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET}
    return Server(folder, "-m", program, "serve", *options, **settings)


@asynccontextmanager
async def stream(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def exchange(server: Server, request: bytes) -> tuple[bytes, bytes]:
    """Send a request, and return head and body of the response once the server has closed the connection."""
    async with stream(server) as (reader, writer), asyncio.timeout(GONE_SECONDS):
        writer.write(request)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head, body


async def send_without_end(server: Server, beginning: bytes, filler: bytes) -> int:
    """Send the filler up to a hundred times, and return the number of bytes before the server closed the connection."""
    sent = 0
    async with stream(server) as (_, writer):
        with suppress(OSError):
            writer.write(beginning)
            for _ in range(100):
                writer.write(filler)
                await writer.drain()
                sent += len(filler)
    return sent


async def response_until_closed(server: Server, request: bytes, drip: bytes = b"") -> bytes:
    """Return the response up to the close of the connection by the server, which must be soon."""
    async with stream(server) as (reader, writer), asyncio.timeout(GONE_SECONDS):
        writer.write(request)
        reading = asyncio.create_task(_read_until_closed(reader))
        while drip and not reading.done():
            writer.write(drip)
            await asyncio.wait([reading], timeout=0.2)
        return await reading


async def _read_until_closed(reader: asyncio.StreamReader) -> bytes:
    """Return all bytes, also where a drip that crossed the close has made it a reset (RFC 9293 3.6.1)."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while part := await reader.read(65536):
            received += part
    return bytes(received)


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port))


def reluctant(server: Server, buffer: int = 4096) -> socket.socket:
    """Connect a client whose receive buffer is small."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.connect(("127.0.0.1", server.port))
    return client


def vanish(server: Server, request: bytes) -> None:
    """Send a request, and reset the connection."""
    with connected(server) as client:
        client.sendall(request)
        abort(client)


def abort(client: socket.socket) -> None:
    """Make `close` reset the connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def drip_read(client: socket.socket) -> bool:
    """Read a little ten times a second for up to half a minute, and return whether the server closed the connection."""
    client.settimeout(5)
    try:
        for _ in range(300):
            client.recv(100)
            time.sleep(0.1)
    except ConnectionResetError:
        return True
    return False


def read_steadily(client: socket.socket, seconds: float, at_least: int = 0) -> None:
    """Read three megabytes a second for so long, and until there were at least so many bytes."""
    client.settimeout(GONE_SECONDS)
    size, end = 0, time.monotonic() + seconds
    while time.monotonic() < end or size < at_least:
        part = client.recv(STEADY_BUFFER)
        assert part, "the server has disconnected a steady reader"
        size += len(part)
        time.sleep(0.03)


def connections(server: Server, clients: list[socket.socket]) -> set[int]:
    """Return the ports of the clients with which the server still has a connection."""
    ports = {client.getsockname()[1] for client in clients}
    return {
        each.raddr.port
        for process in server.processes()
        for each in process.net_connections("tcp")
        if each.status == psutil.CONN_ESTABLISHED and each.laddr.port == server.port and each.raddr.port in ports
    }


def failures(server: Server) -> list[str]:
    """Return the unexpected errors in the server's log."""
    return [line for line in server.output.splitlines() if '"level": "error"' in line or "Traceback" in line]


def memory(server: Server) -> int:
    """Return the memory of the server in bytes."""
    return sum(psutil.Process(each.pid).memory_info().rss for each in server.processes())


def fill(database_url: str, user: str, tasks: int) -> None:
    """Insert tasks with long texts, past the API."""
    sql(
        database_url,
        f"""
        WITH owner AS (INSERT INTO users (id, revision) VALUES ('{user}', {tasks}) RETURNING id)
        INSERT INTO tasks (user_id, title, description, created_at, updated_at, revision)
        SELECT id, 'Buy milk', repeat('milk ', 1900), now(), now(), n FROM owner, generate_series(1, {tasks}) AS n""",  # noqa: S608 - of this file
    )
