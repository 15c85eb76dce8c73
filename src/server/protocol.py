"""uvicorn's HTTP/1.1 protocol with limits on request heads, request time, pipelining, slow readers and connections."""

import asyncio
import logging
import math
import select
import socket
import struct
from heapq import nsmallest
from typing import Any, ClassVar, NamedTuple

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from src.errors.base import AppError
from src.server.errors import (
    InvalidHttp,
    RequestHeadTooLarge,
    RequestTimeout,
    ServerOverloaded,
    UpgradeWithBody,
    error_response,
    has_body,
    serialize,
)
from src.server.forwarded_prefix import add_forwarded_prefix, trusts
from src.server.response_writer import ResponseWriter
from src.server.slow_reader import SlowReaderDetector

MAX_HEAD_BYTES = 64 * 1024
"""The maximum size of a request without its body: request line, headers, chunk framing and trailers."""

REQUEST_TIMEOUT_SECONDS = 25
"""The default of the maximum duration of a request from its first byte to its last, and of an idle connection."""

MAX_PIPELINED_REQUESTS = 16
"""The maximum number of requests in the queue of one connection (HTTP pipelining)."""

OVERLOAD_LOG_SECONDS = 10
"""The minimum time between two log records about requests that are refused because there are too many."""

_CHECK_SECONDS = 2
_SHUTDOWN_TIMEOUT_SECONDS = 3
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_LIVENESS_PATH = "/health"

logger = logging.getLogger(__name__)


class Timeouts(NamedTuple):
    """The timeouts that an operator can set, in seconds."""

    keep_alive: float
    """Of a connection between two requests."""
    request: float
    """Of a request from its first byte to its last, and of a new connection."""
    stream: float | None
    """Of an event stream; None if only the token's expiry ends it."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection, closed when its client sends too much or too slowly, or reads too slowly.

    A rejected head gets a response (400, 408, 431) unless a response is in progress on the connection.
    `limit_concurrency` is the maximum of connections per process: beyond it, the connections that have been idle for
    longest are closed. While seven of eight connections have a request in progress, further requests get a 503, except
    the liveness probe. The application finds the maximum in `state["connections"]` of its scope, and the timeout of
    streams in `state["stream_timeout"]`.
    """

    _next_overload_log: ClassVar[float] = -math.inf

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        timeouts: Timeouts,
    ) -> None:
        limits = {"connections": config.limit_concurrency, "stream_timeout": timeouts.stream}
        super().__init__(config, server_state, app_state | limits, _loop)
        self.limit_concurrency = None  # uvicorn would reject the newest request, with a plain-text 503
        self.deadline = math.inf
        """The deadline of the request in the event loop's time; infinite while a response is in progress."""
        self._max_connections = math.inf if config.limit_concurrency is None else config.limit_concurrency
        self._timeouts = timeouts
        self._running: RequestResponseCycle | None = None
        self._writer: ResponseWriter | None = None
        self._overhead = 0
        self._rejection: AppError = InvalidHttp()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Start the request timeout; close idle connections if there are too many."""
        super().connection_made(transport)
        self._slow_reader = SlowReaderDetector(transport)
        self._trusts_proxy = trusts(self.config, self.client)
        self._start_timeout(self._timeouts.request)
        self._timer = self.loop.call_later(_CHECK_SECONDS, self._check)
        if len(self.connections) > self._max_connections:
            self._close_idle(1 + len(self.connections) // 32)  # several at once, because finding them scans all

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the running request of the disconnect; uvicorn notifies only the newest request."""
        self._timer.cancel()
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse at most the remaining bytes of the head, so that a larger one never becomes a request."""
        while data and not self.transport.is_closing():
            remaining = MAX_HEAD_BYTES - self._overhead
            part, data = data[:remaining], data[remaining:]
            self._overhead += len(part)
            super().data_received(part)
            if self._overhead >= MAX_HEAD_BYTES:
                self._reject(RequestHeadTooLarge())

    def on_message_begin(self) -> None:
        """Start the request timeout with the first byte of a request."""
        if len(self.pipeline) >= MAX_PIPELINED_REQUESTS or self.transport.is_closing():
            raise InvalidHttp  # stops the parser, because one read may contain thousands of requests
        super().on_message_begin()
        self._start_timeout(self._timeouts.request)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Remove white space behind the value, which is no part of it (RFC 9112, section 5.1)."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Ignore `Upgrade` (RFC 9110, section 7.8); reject one with a body, which the parser takes for other data."""
        upgrade = self.parser.should_upgrade()
        if upgrade and has_body(self.headers):
            self._rejection = UpgradeWithBody()
            raise self._rejection
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Do not count the body toward the head; `src.api.middleware.body_limit` limits it."""
        self._overhead = max(0, self._overhead - len(body))  # it may share a read with the end of the previous request
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the request timeout while the request is handled."""
        super().on_message_complete()
        self.cycle.more_body = False  # uvicorn leaves it true after an early response
        self._overhead = 0
        self._start_timeout(self._timeouts.request)
        if self._is_responding:
            self.deadline = math.inf
        elif self._writer is not None and self._writer.closes_after_request:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Start the request timeout for the next request, unless that has begun."""
        super().on_response_complete()
        if self._overhead == 0 and not self._is_responding:
            self._start_timeout(self._timeouts.keep_alive)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's message
        """Reject invalid HTTP."""
        self._reject(self._rejection)

    def resume_writing(self) -> None:
        """Restart the measurement of the client's reading."""
        super().resume_writing()
        self._slow_reader.reset()

    def shutdown(self) -> None:
        """Shut down gracefully: give a request that is arriving, or the first of a connection, a short timeout."""
        if self._is_responding or (bool(self.cycle) and not self._has_unread_bytes):
            super().shutdown()
        if self.deadline < math.inf:
            self.loop.call_later(_SHUTDOWN_TIMEOUT_SECONDS, self._close_if_incomplete)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn hides its type
        self._running = cycle
        if self._trusts_proxy:
            add_forwarded_prefix(cycle.scope, self.root_path)
        self._writer = ResponseWriter(cycle)
        cycle.send = self._writer.send  # type: ignore[method-assign] # uvicorn has no other hook
        if self._is_overloaded(cycle):
            self._log_overload()
            app = error_response(ServerOverloaded())
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing."""

    def _is_overloaded(self, cycle: RequestResponseCycle) -> bool:
        """Whether too many requests are in progress; connections that wait for a request do not count."""
        limit, root = self._max_connections * 7 / 8, cycle.scope["root_path"]
        return (
            len(self.tasks) >= limit
            and cycle.scope["path"].rstrip("/").removeprefix(root).removeprefix(root) != _LIVENESS_PATH
            and len(self.connections) - len(self._waiting()) >= limit
        )

    def _log_overload(self) -> None:
        now = self.loop.time()
        if now >= LimitedHttpProtocol._next_overload_log:
            LimitedHttpProtocol._next_overload_log = now + OVERLOAD_LOG_SECONDS
            logger.warning("refusing requests with 503, because too many are in progress: %d", len(self.tasks))

    @property
    def _has_unread_bytes(self) -> bool:
        """Whether a request is arriving, so that closing the connection would reset it."""
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return self._overhead > 0 or bool(poll.poll(0))

    @property
    def _is_responding(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete  # None before the first request

    def _start_timeout(self, seconds: float) -> None:
        self.waiting_since = self.loop.time()
        self.deadline = self.waiting_since + seconds

    def _waiting(self) -> "list[LimitedHttpProtocol]":
        return [
            other for other in self.connections if isinstance(other, LimitedHttpProtocol) and other.deadline < math.inf
        ]

    def _close_idle(self, count: int) -> None:
        for connection in nsmallest(count, self._waiting(), key=lambda connection: connection.waiting_since):
            self.connections.discard(connection)
            connection.transport.abort()

    def _close_if_incomplete(self) -> None:
        if self.deadline < math.inf:
            self.transport.close()

    def _check(self) -> None:
        now = self.loop.time()
        self._timer = self.loop.call_at(now + _CHECK_SECONDS, self._check)
        if self.deadline < now and not self.transport.is_closing():
            self._reject(RequestTimeout())
        if self._slow_reader.is_too_slow(now):  # also after `close()`, which waits until all is sent
            self._reset()

    def _reset(self) -> None:
        """Reset the connection (RST), so that the kernel drops its send buffer, which a slow reader would keep."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()

    def _reject(self, error: AppError) -> None:
        """Close the connection, after a response if the request that is arriving has none."""
        has_early_response = bool(self.cycle) and self.cycle.more_body
        if self._overhead and not (has_early_response or self._is_responding or self.transport.is_closing()):
            self.transport.write(serialize(error_response(error), self.server_state.default_headers))
        self.transport.close()
