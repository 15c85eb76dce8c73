"""A real HTTP server on 127.0.0.1 that publishes keys and simulates failures."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class JwksServer:
    """A JWKS endpoint whose response can be changed at any time; `hits` counts the requests."""

    document: object
    status: int = 200
    delay: float = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    chunk: int = 1 << 20
    port: int = 0
    paths: list[str] = field(default_factory=list)
    answering: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/auth/jwks"

    @property
    def hits(self) -> int:
        return len(self.paths)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle the connection in a task that ends with the server."""
        task = asyncio.create_task(self._respond(reader, writer))
        self.answering.add(task)
        task.add_done_callback(self.answering.discard)

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.paths.append(request.split()[1].decode())
            await self._send(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed the connection
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(self.document).encode() if self.body is None else self.body
        head = {"Content-Length": str(len(body)), "Connection": "close"} | self.headers
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in head.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        for start in range(0, len(body), self.chunk):
            await asyncio.sleep(self.delay)
            writer.write(body[start : start + self.chunk])
            await writer.drain()


@asynccontextmanager
async def serving(document: object, port: int = 0, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[JwksServer]:
    """Serve `document` until the block ends."""
    jwks_server = JwksServer(document)
    server = await asyncio.start_server(jwks_server.accept, "127.0.0.1", port, ssl=tls)
    jwks_server.port = server.sockets[0].getsockname()[1]
    try:
        yield jwks_server
    finally:
        server.close()
        for task in jwks_server.answering:
            task.cancel()
        await server.wait_closed()
