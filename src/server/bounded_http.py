"""HTTP as uvicorn speaks it, with bounds on what a client can make the server keep and wait for."""

import asyncio
import math
import socket
import struct
from heapq import nsmallest
from typing import Any

from fastapi import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from src.api.problems import render
from src.errors import AppError
from src.server.refusals import InvalidHttp, RequestHeadTooLarge, RequestTimeout

HEAD_BYTES = 64 * 1024
"""What a request may have beside its body: the request line, headers, the framing of chunks and trailers."""

REQUEST_SECONDS = 20
"""How long a request may take from its first byte to its last."""

STALL_SECONDS = 20
"""How long a client may leave an answer unread, or read less than `READ_RATE`."""

READ_RATE = 16 * 1024
"""In bytes a second; what the kernel has taken counts as read."""

_CHECK_SECONDS = 5
_FAREWELL_SECONDS = 3
_NO_LINGERING = struct.pack("ii", 1, 0)


class BoundedHttp(HttpToolsProtocol):
    """One connection. It is closed when its client sends too much or too slowly, reads too slowly, or is one too many.

    A head that is refused is answered (400, 408, 431) where nothing else is being answered on the connection. Idle
    connections are closed after uvicorn's `timeout_keep_alive`. `limit_concurrency` is the number of connections of
    the process: beyond it, those that have waited longest for a request make room.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limit_concurrency = None  # uvicorn would refuse whoever comes last, and in plain text
        self.due = math.inf
        """When the request must be there, in the loop's time; infinite while one is answered."""
        self._overhead = 0
        self._unread = 0
        self._stalled = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.due = self.loop.time() + REQUEST_SECONDS
        self._timer = self.loop.call_later(_CHECK_SECONDS, self._check)
        if self.config.limit_concurrency is not None and len(self.connections) > self.config.limit_concurrency:
            self._make_room(self.config.limit_concurrency)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse no more than the head may still have, so that a larger one never becomes a request."""
        while data and not self.transport.is_closing():
            room = HEAD_BYTES - self._overhead
            part, data = data[:room], data[room:]
            self._overhead += len(part)
            super().data_received(part)
            if self._overhead >= HEAD_BYTES:
                self._refuse(RequestHeadTooLarge())

    def on_message_begin(self) -> None:
        """From now on the request is due."""
        super().on_message_begin()
        self.due = self.loop.time() + REQUEST_SECONDS

    def on_body(self, body: bytes) -> None:
        """The body has limits of its own, see `src.api.body_limit`."""
        self._overhead -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        super().on_message_complete()
        self._overhead = 0
        self.due = math.inf if self._answering else self._next_due()

    def on_response_complete(self) -> None:
        """Wait for the next request, if it has not begun."""
        super().on_response_complete()
        if self._overhead == 0 and not self._answering:
            self.due = self._next_due()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Refuse what is not HTTP."""
        self._refuse(InvalidHttp())

    def shutdown(self) -> None:
        """Wait a little for a request that has begun to arrive: the server has not long to live."""
        super().shutdown()
        if self.due < math.inf:
            self.loop.call_later(_FAREWELL_SECONDS, self._let_go)

    @property
    def _answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete  # there is none before the first request

    def _next_due(self) -> float:
        return self.loop.time() + self.timeout_keep_alive

    def _make_room(self, limit: int) -> None:
        """Several at once, as looking for them takes a while."""
        waiting = [each for each in self.connections if isinstance(each, BoundedHttp) and each.due < math.inf]
        for each in nsmallest(1 + limit // 32, waiting, key=lambda each: each.due):
            self.connections.discard(each)
            each.transport.abort()

    def _let_go(self) -> None:
        if self.due < math.inf:
            self.transport.close()

    def _check(self) -> None:
        self._timer = self.loop.call_later(_CHECK_SECONDS, self._check)
        if self.due < self.loop.time() and not self.transport.is_closing():
            self._refuse(RequestTimeout())
        self._check_reader()

    def _check_reader(self) -> None:
        """Also after the connection was closed: it ends only when all is read."""
        unread = self.transport.get_write_buffer_size()
        reads = unread <= max(0, self._unread - _CHECK_SECONDS * READ_RATE)
        self._stalled = 0 if reads else self._stalled + _CHECK_SECONDS
        self._unread = unread
        if self._stalled >= STALL_SECONDS:
            self._drop()

    def _drop(self) -> None:
        """Also what the kernel has taken, which else goes on for as long as the client reads a little."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.transport.abort()

    def _refuse(self, error: AppError) -> None:
        if self._overhead and not self._answering:
            response = render(error)
            self.transport.write(_head(response, self.server_state.default_headers) + bytes(response.body))
        self.transport.close()


def _head(response: Response, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    headers = [*default_headers, *response.raw_headers, (b"connection", b"close")]
    lines = (name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[response.status_code] + b"".join(lines) + b"\r\n"
