"""Clients that sync a copy by pages or by a stream, and reject tasks that they must not receive."""

import asyncio
import json
from contextlib import suppress

from fastapi import FastAPI

from tests.conftest import User
from tests.support.sse_client import Stream
from tests.support.sync_client import SyncClient, Task

_PATIENCE_SECONDS = 12.0  # the poll finds a change without a notification after 15


class Follower(SyncClient):
    """One device of a user, connected to one of the processes. A lock serializes its own operations."""

    def __init__(self, app: FastAPI, url: str, user_id: str | None, limit: int) -> None:
        super().__init__(User(app, user_id), limit=limit)
        self._url = url
        self._live: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def apply(self, task: Task) -> None:
        """Apply a task, asserting that it belongs to the user and is newer than all earlier ones."""
        assert task["user_id"] == self.user.id
        assert task["revision"] > int(self.since.partition("-")[0])
        super().apply(task)

    async def load_page(self) -> None:
        """Load one page; the others come later."""
        async with self._lock:
            await self._disconnect()
            await self.pull_page()

    async def load(self) -> None:
        """Load all pages, while others may write."""
        async with self._lock:
            await self._disconnect()
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.pull()

    async def begin(self) -> None:
        """Start as a new device: load the first page; the others come later."""
        async with self._lock:
            await self._disconnect()
            self.start_over()
            await self.pull_page()

    async def toggle_stream(self) -> None:
        """Disconnect from the stream, or connect and resume."""
        async with self._lock:
            if self._live:
                await self._disconnect()
            else:
                self._live = asyncio.create_task(self._follow())

    async def disconnect(self) -> None:
        """Disconnect from the stream, if there is one."""
        async with self._lock:
            await self._disconnect()

    async def catch_up(self, tasks: dict[int, Task]) -> None:
        """Catch up to the expected tasks without concurrent writes, by the stream or by pages, with one 410 at most."""
        if self._live:
            await self._catch_up_by_stream(tasks, self._live)
        else:
            loads = self.loads
            while await self.pull_page():
                assert self.loads <= loads + 1
        assert self.tasks == tasks

    async def _catch_up_by_stream(self, tasks: dict[int, Task], live: asyncio.Task[None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self.tasks != tasks and not live.done():  # noqa: ASYNC110 - the copy has no event for it
                    await asyncio.sleep(0.01)
        if live.done():
            await live

    async def _disconnect(self) -> None:
        live, self._live = self._live, None
        if live:
            live.cancel()
            with suppress(asyncio.CancelledError):
                await live

    async def _follow(self) -> None:
        while True:
            async with Stream(self._url, self.user, {"Last-Event-ID": self.since}) as stream:
                if stream.response.status_code == 410:
                    self.start_over()
                else:
                    await self._take(stream)

    async def _take(self, stream: Stream) -> None:
        """Apply every event until the stream ends."""
        assert stream.first["id"] == self.since
        while fields := await stream.block():
            if "data" in fields:
                self.apply(json.loads(fields["data"]))
                self.since = stream.id
