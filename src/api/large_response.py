"""Send large responses in parts, while there is memory for them (ADR 0056)."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from src.api.dependencies import components
from src.api.problems import render
from src.errors.client import OperationsFailed

SMALL_RESPONSE_BYTES = 64 * 1024
"""The maximum size of a response that is sent without a reservation."""

TASK_BYTES = 11 * 1024
"""The estimated size of a task with the longest description, in a response."""

# The server measures how fast a client reads by how it drains one part, in which slow reading has to show.
_PART_BYTES = 512 * 1024


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
