"""Clients of server-sent events that read as browsers do, and servers with real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, Self

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.conftest import User
from tests.support.tokens import mint

_PATIENCE_SECONDS = 20


class Event(NamedTuple):
    """An event as a browser dispatches it."""

    id: str
    name: str
    task: dict[str, Any]


@asynccontextmanager
async def served(app: ASGIApp, http: Any = "auto") -> AsyncIterator[str]:
    """Serve the running app at a port, and return its URL."""
    config = uvicorn.Config(
        app,
        port=0,
        http=http,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class RemoteUser(User):
    """A user of a server at a URL."""

    def __init__(self, url: str, user_id: str) -> None:
        self.id = user_id
        self.path = f"/api/{user_id}/tasks"
        self.http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {mint(user_id)}"})


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Split lines as browsers do: httpx would also split at U+2028."""
    rest = ""
    async for text in response.aiter_text():
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line


class Stream:
    """One connection, from its response to its end. `id` is the last event ID, from which a browser would resume."""

    def __init__(self, url: str, user: User, headers: dict[str, str] | None = None, **query: Any) -> None:
        self._url = f"{url}{user.path}/events"
        self._headers = {"Authorization": f"Bearer {mint(user.id)}", **(headers or {})}
        self._query = query
        self.id = ""
        self.comments = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=_PATIENCE_SECONDS))
            request = http.stream("GET", self._url, headers=self._headers, params=self._query)
            self.response = await stack.enter_async_context(request)
            if self.response.status_code == 200:
                self._lines = _lines(self.response)
                self.first = await self.block()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def block(self) -> dict[str, str]:
        """Return the fields up to the next empty line, none at the end of the stream. Comments are counted."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(": ")
            self.comments += not name
            fields[name] = fields.get(name, "") + value
        self.id = fields.get("id", self.id)
        return fields

    async def next(self) -> Event:
        """Return the next event with data."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while "data" not in (fields := await self.block()):
                assert fields, "the stream has ended"
        return Event(self.id, fields["event"], json.loads(fields["data"]))

    async def take(self, count: int) -> list[Event]:
        """Return the next events."""
        return [await self.next() for _ in range(count)]

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether no event comes for so long; the stream cannot be read afterwards."""
        try:
            async with asyncio.timeout(seconds):
                await self.next()
        except TimeoutError:
            return True
        return False

    async def ended(self) -> bool:
        """Wait for the end, past events that come before it."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await self.block():
                pass
        return True
