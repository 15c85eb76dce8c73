"""Load a server: with `wrk` where it is installed, else with a closed loop of requests in Python."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from statistics import quantiles
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import NamedTuple, Self

_TIMEOUT_SECONDS = 10.0
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_SCRIPT = Path(__file__).with_name("wrk.lua")
_SUCCESS = range(200, 300)

type Address = tuple[str, int]


class Response(NamedTuple):
    """A response without its headers."""

    status: int
    body: bytes


class Sample(NamedTuple):
    """The result of a measurement: the number of responses, their rate per second, and quantiles of their seconds."""

    responses: int
    rate: float
    p50: float
    p99: float
    maximum: float


class LoadError(RuntimeError):
    """A response was not a success, or did not come in time."""


class Connection:
    """A keep-alive connection with one request in flight."""

    def __init__(self, address: Address, timeout: float = _TIMEOUT_SECONDS) -> None:
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._received = b""
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> Response | None:
        """Read what has arrived, and return the response if that completes it.

        Raises:
            LoadError: The server closed the connection.
        """
        chunk = self.socket.recv(65536)
        if not chunk:
            raise LoadError("The server closed a connection.")
        self._received += chunk
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        complete = end and length and len(body) == int(length[1])
        return Response(int(head[9:12]), body) if complete else None

    def exchange(self, request: bytes) -> Response:
        """Send a request and wait for its response."""
        self.send(request)
        while (response := self.receive()) is None:
            pass
        return response


def exchange(address: Address, request: bytes) -> Response:
    """Send a request on a connection of its own and wait for its response."""
    with Connection(address) as connection:
        return connection.exchange(request)


def generator(seconds: float) -> str:
    """Name the load generator; wrk measures whole seconds only."""
    return "wrk" if shutil.which("wrk") and seconds == int(seconds) else "python"


def measure(address: Address, requests: Sequence[bytes], connections: int, seconds: float) -> Sample:
    """Send the requests in turn, again and again, on some connections for some seconds.

    Raises:
        LoadError: A response was not a success, or did not come in time.
    """
    if generator(seconds) == "wrk":
        return _wrk(address, requests, connections, seconds)
    with ExitStack() as stack:
        selector = stack.enter_context(DefaultSelector())
        for _ in range(connections):
            connection = stack.enter_context(Connection(address))
            selector.register(connection.socket, EVENT_READ, connection)
        begin = perf_counter()
        latencies = list(_latencies(selector, cycle(requests), begin + seconds))
        rate = len(latencies) / (perf_counter() - begin)
        percentiles = quantiles(latencies, n=100, method="inclusive")
        return Sample(len(latencies), rate, percentiles[49], percentiles[98], max(latencies))


def _wrk(address: Address, requests: Sequence[bytes], connections: int, seconds: float) -> Sample:
    with NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        host, port = address
        options = ["--threads=1", f"--connections={connections}", f"--duration={seconds:.0f}", f"--script={_SCRIPT}"]
        ended = subprocess.run(  # noqa: S603 - our own command
            [shutil.which("wrk") or "wrk", *options, f"http://{host}:{port}", "--", file.name],
            capture_output=True,
            text=True,
            check=False,
        )
    result = ended.stdout.rpartition("result: ")[2].split()
    if ended.returncode or not result or int(result[5]):
        raise LoadError(f"wrk found errors: {ended.stdout}{ended.stderr}")
    count, duration, *microseconds = map(float, result[:5])
    if not count:
        raise LoadError(f"There was no response within {seconds:g} s: measure with more --seconds.")
    return Sample(int(count), 1e6 * count / duration, *(latency / 1e6 for latency in microseconds))


def _latencies(selector: DefaultSelector, requests: Iterator[bytes], deadline: float) -> Iterator[float]:
    """Send requests until the deadline, and yield a latency for each of their responses."""
    connections: list[Connection] = [key.data for key in selector.get_map().values()]
    for connection in connections:
        connection.send(next(requests))
    in_flight = len(connections)
    while in_flight:
        for connection in _completed(selector):
            now = perf_counter()
            yield now - connection.sent_at
            if now < deadline:
                connection.send(next(requests))
            else:
                in_flight -= 1


def _completed(selector: DefaultSelector) -> Iterator[Connection]:
    events = selector.select(_TIMEOUT_SECONDS)
    if not events:
        raise LoadError(f"No response within {_TIMEOUT_SECONDS:g} s.")
    for key, _ in events:
        response = key.data.receive()
        if response is not None:
            if response.status not in _SUCCESS:
                raise LoadError(f"A response was {response.status}: {response.body!r}")
            yield key.data
