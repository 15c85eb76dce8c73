"""A proxy between the API and PostgreSQL that simulates network failures."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.support.lock_helpers import reached

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, socket(7)


class Proxy:
    """A TCP proxy in front of the server of a URL. It forwards everything until a failure is set."""

    def __init__(self, server_url: str) -> None:
        self._target = f"{parse_qs(urlsplit(server_url).query)['host'][0]}/.s.PGSQL.5432"
        self._database = urlsplit(server_url).path
        self._port = 0
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self.passing = asyncio.Event()
        self.is_black_hole = False
        self.rejects = False
        self.answer_to_lose: bytes | None = None
        """Content of a message to the server after which the connection is reset instead of forwarding the response."""

    async def __aenter__(self) -> Self:
        self.passing.set()
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.thaw()
        await self.refuse()
        await reached(lambda: not self._links)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}{self._database}"

    async def accept(self) -> None:
        """Listen again, on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Simulate a stopped server: close the port, and reset all connections."""
        if self._server:
            self._server.close()
        self.reset()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Reset all connections; new ones are accepted."""
        for link in tuple(self._links):
            link.reset()

    def freeze(self) -> None:
        """Hold back every byte until `thaw`."""
        self.passing.clear()

    def thaw(self) -> None:
        self.passing.set()

    def swallow(self) -> None:
        """Drop all traffic silently: existing connections are dead, but neither side is notified."""
        self.is_black_hole = True
        for link in self._links:
            link.is_lost = True

    def surface(self) -> None:
        """Forward new connections again."""
        self.is_black_hole = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, writer)
        if self.rejects:
            link.reset()
            return
        self._links.add(link)
        try:
            await link.carry(reader, self._target)
        finally:
            self._links.discard(link)


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = client
        self._loses_answer = False
        self.is_lost = proxy.is_black_hole

    def reset(self) -> None:
        self._client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._client.transport.abort()

    async def carry(self, client: asyncio.StreamReader, target: str) -> None:
        """Forward data in both directions until one side closes."""
        with suppress(OSError):
            server, to_server = await asyncio.open_unix_connection(target)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(client, to_server, self._note))
                    group.create_task(self._copy(server, self._client, self._lose))
            except* (OSError, EOFError):
                pass
            finally:
                to_server.close()
                self._client.close()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, look: Callable[[bytes], None]
    ) -> None:
        while data := await source.read(1 << 16):
            await self._proxy.passing.wait()
            if not self.is_lost:
                look(data)
                target.write(data)
        raise EOFError

    def _note(self, message: bytes) -> None:
        wanted = self._proxy.answer_to_lose
        self._loses_answer |= wanted is not None and wanted in message

    def _lose(self, _: bytes) -> None:
        if self._loses_answer:
            self._proxy.answer_to_lose = None
            self.reset()
            raise EOFError
