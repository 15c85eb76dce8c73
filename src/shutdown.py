"""The moment at which the process is told to end: whoever answers for long can wait for it."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

type Handler = Callable[[int, FrameType | None], object]

_PATIENCE_SECONDS = 10


class Shutdown:
    """Begins when SIGTERM or Ctrl-C arrives, long before the server ends the application's lifespan.

    The server is told of SIGTERM `delay` seconds later: so long it takes connections, and load balancers have time to
    see that the service is no longer ready. If it has not ended 10 seconds after that, it is told to drop what runs.
    """

    def __init__(self, delay: float = 0) -> None:
        self._delay = delay
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether the process was told to end."""
        return self._begun.is_set()

    async def wait(self) -> None:
        """Return when the process is told to end."""
        await self._begun.wait()

    def begin(self) -> None:
        """Let go everybody who waits."""
        self._begun.set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hear signals before the server does, where there is one that handles them."""
        loop = asyncio.get_running_loop()
        servers = _server_handlers()

        def tell(number: int) -> None:
            delay = self._delay if number == signal.SIGTERM and not self.begun else 0
            self.begin()
            loop.call_later(delay, servers[number], number, None)
            loop.call_later(delay + _PATIENCE_SECONDS, servers[signal.SIGINT], signal.SIGINT, None)

        def hear(number: int, _: FrameType | None) -> None:
            loop.call_soon_threadsafe(tell, number)

        for number in servers:
            signal.signal(number, hear)
        try:
            yield
        finally:
            for number, handler in servers.items():
                signal.signal(number, handler)


def _server_handlers() -> Mapping[int, Handler]:
    """How the server handles SIGTERM and Ctrl-C; nothing where it leaves one of them to Python, as a test does."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {int(number): signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    served = {n: each for n, each in handlers.items() if callable(each) and each is not signal.default_int_handler}
    return served if served.keys() == handlers.keys() else {}
