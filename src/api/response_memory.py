"""Bound the memory of large responses that clients have not read yet (ADR 0056)."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from src.api.dependencies import components
from src.api.problems import render
from src.errors.client import OperationsFailed
from src.errors.server import TooManyUnreadResponses

SMALL_RESPONSE_BYTES = 64 * 1024
"""The maximum size of a response that is sent without a reservation."""

MAX_UNREAD_BYTES = 48 * 1024 * 1024
"""Of the large responses of a process."""

MAX_UNREAD_BYTES_PER_OWNER = 16 * 1024 * 1024
"""Of the large responses of one owner; a larger one is sent if it is the owner's only one."""

WAIT_SECONDS = 2
"""The maximum time for which a large response waits until others have been read."""

TASK_BYTES = 11 * 1024
"""The estimated size of a task with the longest description, in a response."""

# The server measures how fast a client reads by how it drains one part, in which slow reading has to show.
_PART_BYTES = 512 * 1024


class _Claim(NamedTuple):
    owner: str
    size: int
    granted: asyncio.Future[None]


class ResponseMemory:
    """Counts the bytes of large responses, from before they are built until they are written to the network."""

    def __init__(self) -> None:
        self._used = 0
        self._used_by: Counter[str] = Counter()
        self._waiting: deque[_Claim] = deque()

    def fits(self, owner: str, size: int) -> bool:
        """Whether a response can be sent now; the only one of its owner, and of the process, always can."""
        fits_process = not self._used or self._used + size <= MAX_UNREAD_BYTES
        used = self._used_by[owner]
        return fits_process and (not used or used + size <= MAX_UNREAD_BYTES_PER_OWNER)

    @contextmanager
    def hold(self, owner: str, size: int) -> Iterator[None]:
        """Count a response that must be sent, because its request has been executed."""
        self._add(owner, size)
        try:
            yield
        finally:
            self._free(owner, size)

    @asynccontextmanager
    async def reserve(self, owner: str, size: int) -> AsyncIterator[None]:
        """Count a response as soon as it fits.

        Raises:
            TooManyUnreadResponses: It does not fit in time.
        """
        if self.fits(owner, size):
            self._add(owner, size)
        else:
            await self._wait(_Claim(owner, size, asyncio.get_running_loop().create_future()))
        try:
            yield
        finally:
            self._free(owner, size)

    async def _wait(self, claim: _Claim) -> None:
        self._waiting.append(claim)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await claim.granted
        except BaseException as error:
            if claim.granted.done() and not claim.granted.cancelled():
                self._free(claim.owner, claim.size)
            else:
                self._waiting.remove(claim)
            if isinstance(error, TimeoutError):
                raise TooManyUnreadResponses from None
            raise

    def _add(self, owner: str, size: int) -> None:
        self._used += size
        self._used_by[owner] += size

    def _free(self, owner: str, size: int) -> None:
        self._add(owner, -size)
        if not self._used_by[owner]:
            del self._used_by[owner]
        for claim in [each for each in self._waiting if not each.granted.done()]:
            if self.fits(claim.owner, claim.size):
                self._waiting.remove(claim)
                self._add(claim.owner, claim.size)
                claim.granted.set_result(None)


class LargeResponse[Page](Response):
    """Sends a response in parts while its size is counted.

    Where it does not fit, it is dropped, and read again when it does, because waiting responses would need the memory.
    One that cannot be read again, as `read` is None, is always sent.
    """

    def __init__(
        self,
        request: Request,
        response: Response,
        read: Callable[[], Awaitable[Page]] | None = None,
        respond: Callable[[Page], Response] | None = None,
    ) -> None:
        self.status_code, self.raw_headers, self.body = response.status_code, response.raw_headers, response.body
        self.background = None
        self._memory = components(request).response_memory
        self._owner: str = request.state.user_id
        self._read, self._respond = read, respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as of ASGI
        """Send the response; wait for memory first.

        Raises:
            TooManyUnreadResponses: Others have not been read in time; nothing has been sent.
        """
        size = len(self.body)
        if self._read is None or self._respond is None:
            with self._memory.hold(self._owner, size):
                return await _send(self, send)
        response: Response | None = self
        if not self._memory.fits(self._owner, size):
            response, self.body = None, b""
        async with self._memory.reserve(self._owner, size):
            await _send(response or self._respond(await self._read()), send)
        return None


async def _send(response: Response, send: Send) -> None:
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send_in_parts(send, bytes(response.body))


async def send_in_parts(send: Send, body: bytes) -> None:
    """Send a body in parts; each waits until the client has read most of those before, and so does the end."""
    for start in range(0, len(body), _PART_BYTES):
        await send({"type": "http.response.body", "body": body[start : start + _PART_BYTES], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def read_within_memory[Page](
    request: Request, read: Callable[[], Awaitable[Page]], respond: Callable[[Page], Response]
) -> Response:
    """Read and respond; a large response waits until there is memory for it."""
    response = respond(await read())
    return response if _is_small(response) else LargeResponse(request, response, read, respond)


async def change_within_memory(request: Request, size: int, change: Callable[[], Awaitable[Response]]) -> Response:
    """Wait until there is memory for a response of this estimated size; then make the change and respond."""
    if size <= SMALL_RESPONSE_BYTES:
        return await change()
    async with components(request).response_memory.reserve(request.state.user_id, size):
        try:
            response = await change()
        except OperationsFailed as failure:  # as large as other responses, because it may have all tasks
            response = render(failure)
    return response if _is_small(response) else LargeResponse(request, response)


def _is_small(response: Response) -> bool:
    return len(response.body) <= SMALL_RESPONSE_BYTES
