"""Graceful shutdown: long responses such as event streams wait for a signal that precedes the server's own shutdown."""

import asyncio
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

type SignalHandler = Callable[[int, FrameType | None], object]

_FORCE_EXIT_SECONDS = 10

# Service managers signal all processes, and the supervisor of several workers signals these again.
_SAME_SIGNAL_SECONDS = 1


class ShutdownSignal:
    """Set when SIGTERM or SIGINT (Ctrl-C) arrives, long before the server ends the application's lifespan.

    SIGTERM is forwarded to the server `delay` seconds later. Until then it accepts connections, so that load balancers
    have time to see that the service is not ready; a later second SIGTERM does not wait. A server that has not stopped
    10 seconds after that gets a SIGINT, which cancels the requests in progress.
    """

    def __init__(self, delay: float = 0) -> None:
        self._delay = delay
        self._event = asyncio.Event()

    def is_set(self) -> bool:
        """Whether the shutdown has begun."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when the shutdown begins."""
        await self._event.wait()

    def set(self) -> None:
        """Begin the shutdown: wake every waiter."""
        self._event.set()

    @contextmanager
    def install_signal_handlers(self) -> Iterator[None]:
        """Handle signals before the server does, while the block is open; restore the server's handlers after it."""
        loop = asyncio.get_running_loop()
        server_handlers = _server_handlers()
        first, stop = math.inf, loop.call_soon(int)

        def forward(number: int) -> None:
            nonlocal first, stop
            first = min(first, loop.time())
            is_repeated = loop.time() - first > _SAME_SIGNAL_SECONDS
            delay = self._delay if number == signal.SIGTERM and not is_repeated else 0
            self.set()
            stop.cancel()
            stop = loop.call_later(delay, server_handlers[number], number, None)
            loop.call_later(delay + _FORCE_EXIT_SECONDS, server_handlers[signal.SIGINT], signal.SIGINT, None)

        def on_signal(number: int, _: FrameType | None) -> None:
            loop.call_soon_threadsafe(forward, number)

        for number in server_handlers:
            signal.signal(number, on_signal)
        try:
            yield
        finally:
            for number, handler in server_handlers.items():
                signal.signal(number, handler)


def _server_handlers() -> Mapping[int, SignalHandler]:
    """The server's handlers of SIGTERM and SIGINT; empty where Python's default handles one of them, as in tests."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {int(number): signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    served = {n: each for n, each in handlers.items() if callable(each) and each is not signal.default_int_handler}
    return served if served.keys() == handlers.keys() else {}
