"""A bounded pool of asyncpg connections that hands out the connections themselves.

`asyncpg.Pool` makes a proxy, a future and a timer for each request, and resets what no statement of this service
changes; that takes longer than running an ordinary statement (ADR 0036).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from secrets import token_hex

import asyncpg

type Row = asyncpg.Record

_CLOSE_TIMEOUT_SECONDS = 1.0
_MAX_IDLE_SECONDS = 120.0  # load balancers drop idle connections after four minutes without closing them
_SWEEP_SECONDS = 10.0


class Connection(asyncpg.Connection):
    """A connection whose `close()` waits at most one second, because an unreachable server would never confirm."""

    __slots__ = ("generation", "idle_since")
    generation: int
    idle_since: float

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as asyncpg's
        """Close the connection; terminate it if the server does not confirm in time."""
        with suppress(TimeoutError):
            await super().close(timeout=timeout or _CLOSE_TIMEOUT_SECONDS)

    def _get_unique_id(self, prefix: str) -> str:
        """Name a prepared statement as no other process does, because a pooler lends one session to several (ADR 0055).

        asyncpg itself counts from one in each process, so another process's statement would be executed.
        """
        return f"{prefix}_{token_hex(8)}"


class ConnectionPool:
    """Lends up to `max_size` connections, opened when needed; last in, first out, so that unused ones time out.

    Waiting for a connection is first in, first out. A connection is closed after two minutes without use.
    """

    def __init__(
        self, open_connection: Callable[[Callable[[], Connection | None]], Awaitable[Connection]], max_size: int
    ) -> None:
        self.max_size = max_size
        self._open_connection = open_connection
        self._permits = asyncio.Semaphore(max_size)
        self._idle: list[Connection] = []
        self._used: set[Connection] = set()
        self._generation = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def idle(self) -> int:
        """The number of idle connections."""
        return len(self._idle)

    @property
    def used(self) -> int:
        """The number of connections in use."""
        return len(self._used)

    async def acquire(self) -> Connection:
        """Borrow a connection; whatever happens, it must be released.

        Raises:
            InterfaceError: The pool is closed.
        """
        if self._is_closed:
            raise asyncpg.InterfaceError("the pool is closed")
        await self._permits.acquire()
        try:
            connection = self._pop_idle() or await self._open()
        except BaseException:
            self._permits.release()
            raise
        self._used.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back. It must be outside a transaction, or closed."""
        self._used.remove(connection)
        self._permits.release()
        if connection.generation != self._generation:
            self._close([connection])
        elif not connection.is_closed():
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
            if self._sweeper is None:
                self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)

    def expire(self, connection: Connection) -> None:
        """Close all connections that are as old as this one, those in use when they are released."""
        if connection.generation == self._generation:
            self._start_generation()

    async def warm_up(self, count: int) -> None:
        """Open one connection ahead of the first requests, and then the others; those that fail open when needed.

        Raises:
            Exception: The first connection cannot be opened, so that there is one error to report.
        """
        first = await self.acquire()
        try:
            await asyncio.gather(*(self._open_ahead() for _ in range(count - 1)), return_exceptions=True)
        finally:
            self.release(first)

    async def aclose(self) -> None:
        """Wait until all connections are released, and close them."""
        self._is_closed = True
        for _ in range(self.max_size):
            await self._permits.acquire()
        self._start_generation()
        await asyncio.gather(*self._closing)

    def terminate(self) -> None:
        """Drop all connections, also those in use."""
        for connection in (*self._idle, *self._used):
            connection.terminate()

    async def _open(self) -> Connection:
        generation = self._generation
        connection = await self._open_connection(self._pop_idle)
        connection.generation = getattr(connection, "generation", generation)
        return connection

    async def _open_ahead(self) -> None:
        self.release(await self.acquire())

    def _start_generation(self) -> None:
        self._generation += 1
        expired, self._idle = self._idle, []
        self._close(expired)

    def _pop_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _sweep(self) -> None:
        oldest = time.monotonic() - _MAX_IDLE_SECONDS
        unused = [each for each in self._idle if each.idle_since < oldest]
        self._idle = [each for each in self._idle if each.idle_since >= oldest]
        self._close(unused)
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep) if self._idle else None

    def _close(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            task = asyncio.create_task(connection.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
