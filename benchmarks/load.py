"""A closed loop of requests: each connection sends its next one when the answer to the last one is complete."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from selectors import EVENT_READ, DefaultSelector
from time import perf_counter
from typing import NamedTuple, Self

_PATIENCE = 10.0
_SUCCESS = b"HTTP/1.1 2"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

type Address = tuple[str, int]


class Sample(NamedTuple):
    """What a measurement found: answers per second, and the seconds that each of them took."""

    rate: float
    latencies: list[float]


class Connection:
    """A keep-alive connection that sends the same request again and again."""

    def __init__(self, address: Address, request: bytes) -> None:
        self.socket = socket.create_connection(address, _PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._request = request
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self) -> None:
        """Ask once more."""
        self._received = b""
        self.sent_at = perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> bytes | None:
        """Read what has come; the body, if that completes the answer.

        Raises:
            RuntimeError: The answer is not a 2xx, or the server hung up.
        """
        chunk = self.socket.recv(65536)
        self._received += chunk
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not chunk or (end and not head.startswith(_SUCCESS)):
            raise RuntimeError(f"{self._request!r} was answered with {self._received!r}")
        length = _LENGTH.search(head)
        return body if end and length and len(body) == int(length[1]) else None


def exchange(address: Address, request: bytes) -> bytes:
    """The body of the answer to one request.

    Raises:
        RuntimeError: The answer is not a 2xx.
    """
    with Connection(address, request) as connection:
        connection.send()
        while (body := connection.receive()) is None:
            pass
        return body


def measure(address: Address, requests: Sequence[bytes], seconds: float) -> Sample:
    """Send each of the requests on a connection of its own, over and over, for so many seconds.

    Raises:
        RuntimeError: An answer was not a 2xx.
        TimeoutError: The server stopped answering.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(DefaultSelector())
        for request in requests:
            connection = stack.enter_context(Connection(address, request))
            selector.register(connection.socket, EVENT_READ, connection)
        latencies = list(_latencies(selector, seconds))
        return Sample(len(latencies) / seconds, latencies)


def _latencies(selector: DefaultSelector, seconds: float) -> Iterator[float]:
    """One for each answer that is complete in time; those that are not are still waited for."""
    connections: list[Connection] = [key.data for key in selector.get_map().values()]
    deadline = perf_counter() + seconds
    for connection in connections:
        connection.send()
    waiting = len(connections)
    while waiting:
        for connection in _answered(selector):
            now = perf_counter()
            if now < deadline:
                yield now - connection.sent_at
                connection.send()
            else:
                waiting -= 1


def _answered(selector: DefaultSelector) -> list[Connection]:
    events = selector.select(_PATIENCE)
    if not events:
        raise TimeoutError(f"no answer within {_PATIENCE:g} s")
    return [key.data for key, _ in events if key.data.receive() is not None]
