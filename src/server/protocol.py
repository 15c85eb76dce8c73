"""HTTP as uvicorn speaks it, with bounds on what a client can make the server keep and wait for."""

import asyncio
import math
import socket
import struct
from heapq import nsmallest
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from src.errors import AppError
from src.server.errors import (
    InvalidHttp,
    NoRoom,
    RequestHeadTooLarge,
    RequestTimeout,
    UpgradeWithBody,
    answer,
    as_bytes,
    has_body,
)
from src.server.slow_reader import Reader

HEAD_BYTES = 64 * 1024
"""What a request may have beside its body: the request line, headers, the framing of chunks and trailers."""

WAIT_SECONDS = 25
"""How long a request may take from its first byte to its last, and a connection to begin one."""

PIPELINED = 16
"""How many requests of one connection may wait for their turn."""

_CHECK_SECONDS = 2
_FAREWELL_SECONDS = 3
_NO_LINGERING = struct.pack("ii", 1, 0)
_ALWAYS_ANSWERED = "/health"


class BoundedHttp(HttpToolsProtocol):
    """One connection. It is closed when its client sends too much or too slowly, reads too slowly, or is one too many.

    A head that is refused is answered (400, 408, 431) where nothing else is being answered on the connection.
    `limit_concurrency` is the number of connections of the process: beyond it, those that have waited longest for a
    request make room. While seven of eight are being answered, further requests are refused (503), but not the
    question whether the process lives. The application finds the number in `state["connections"]` of its scope.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connections": config.limit_concurrency}, _loop)
        self.limit_concurrency = None  # uvicorn would refuse whoever comes last, and in plain text
        self.due = math.inf
        """When the request must be there, in the loop's time; infinite while one is answered."""
        self._most = math.inf if config.limit_concurrency is None else config.limit_concurrency
        self._running: RequestResponseCycle | None = None
        self._overhead = 0
        self._refusal: AppError = InvalidHttp()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._reader = Reader(transport)
        self._wait()
        self._timer = self.loop.call_later(_CHECK_SECONDS, self._check)
        if len(self.connections) > self._most:
            self._make_room(1 + len(self.connections) // 32)  # several at once, as looking for them takes a while

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell what is being answered; uvicorn tells only the request that has arrived last."""
        self._timer.cancel()
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

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
        if len(self.pipeline) >= PIPELINED:
            raise InvalidHttp  # ends the parser; thousands of them fit into what is read at once
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Ignore `Upgrade` (RFC 9110, section 7.8). The parser would take a body for what comes after the upgrade."""
        upgrade = self.parser.should_upgrade()
        if upgrade and has_body(self.headers):
            self._refusal = UpgradeWithBody()
            raise self._refusal
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """The body has limits of its own, see `src.api.body_limit`."""
        self._overhead = max(0, self._overhead - len(body))  # it may have come with the end of the request before
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        super().on_message_complete()
        self._overhead = 0
        self._wait()
        if self._answering:
            self.due = math.inf

    def on_response_complete(self) -> None:
        """Wait for the next request, if it has not begun."""
        super().on_response_complete()
        if self._overhead == 0 and not self._answering:
            self._wait()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Refuse what is not HTTP."""
        self._refuse(self._refusal)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._reader.caught_up()

    def shutdown(self) -> None:
        """Wait a little for a request that has begun to arrive: the server has not long to live."""
        super().shutdown()
        if self.due < math.inf:
            self.loop.call_later(_FAREWELL_SECONDS, self._let_go)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn hides its type
        self._running = cycle
        if self._is_too_much(cycle):
            app = answer(NoRoom())
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Nobody needs to know."""

    def _is_too_much(self, cycle: RequestResponseCycle) -> bool:
        """Those whose request is still arriving do not count: they make room."""
        most = self._most * 7 / 8
        return (
            len(self.tasks) >= most
            and cycle.scope["path"].rstrip("/") != _ALWAYS_ANSWERED
            and len(self.connections) - len(self._waiting()) >= most
        )

    @property
    def _answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete  # there is none before the first request

    def _wait(self) -> None:
        self.due = self.loop.time() + WAIT_SECONDS

    def _waiting(self) -> "list[BoundedHttp]":
        return [each for each in self.connections if isinstance(each, BoundedHttp) and each.due < math.inf]

    def _make_room(self, count: int) -> None:
        for each in nsmallest(count, self._waiting(), key=lambda each: each.due):
            self.connections.discard(each)
            each.transport.abort()

    def _let_go(self) -> None:
        if self.due < math.inf:
            self.transport.close()

    def _check(self) -> None:
        now = self.loop.time()
        self._timer = self.loop.call_at(now + _CHECK_SECONDS, self._check)
        if self.due < now and not self.transport.is_closing():
            self._refuse(RequestTimeout())
        if self._reader.is_stuck(now):  # also after the connection was closed: it ends only when all is read
            self._drop()

    def _drop(self) -> None:
        """Also what the kernel has taken, which else goes on for as long as the client reads a little."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.transport.abort()

    def _refuse(self, error: AppError) -> None:
        if self._overhead and not self._answering:
            self.transport.write(as_bytes(answer(error), self.server_state.default_headers))
        self.transport.close()
