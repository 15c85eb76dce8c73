"""Subscriptions to resources, with the official client and server processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from mcp import Client, MCPError
from mcp.client.subscriptions import ServerEvent, Subscription

from src.services.sync.registry import MAX_SUBSCRIPTIONS
from tests.support.mcp_clients import over_http
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_SECONDS = 10


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[tuple[Server, Server]]:
    """Two processes, as behind a load balancer."""
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "MCP_SESSION_TOKENS": "true"}
    folders = [tmp_path_factory.mktemp("subscriptions") for _ in range(2)]
    with (
        Server(folders[0], "-m", "src", "serve", **settings) as one,
        Server(folders[1], "-m", "src", "serve", **settings) as other,
    ):
        yield one, other


class Front:
    """A front end of a user, at the other process."""

    def __init__(self, server: Server, user_id: str) -> None:
        self._url = f"{server.url}/api/tasks"
        self._headers = {"Authorization": f"Bearer {mint(user_id)}"}

    def create(self, title: str) -> int:
        return int(self._send("POST", "", title)["id"])

    def rename(self, number: int, title: str) -> None:
        self._send("PATCH", f"/{number}", title)

    def _send(self, method: str, path: str, title: str) -> dict[str, Any]:
        url, body = f"{self._url}{path}", {"title": title}
        response = httpx.request(method, url, json=body, headers=self._headers, trust_env=False)
        task: dict[str, Any] = response.raise_for_status().json()
        return task


@asynccontextmanager
async def _listening(server: Server, user_id: str, *uris: str) -> AsyncIterator[Subscription]:
    async with (
        over_http(server.url, mint(user_id)) as client,
        client.listen(resource_subscriptions=uris) as subscription,
    ):
        yield subscription


async def _next(subscription: Subscription) -> ServerEvent:
    return await asyncio.wait_for(anext(subscription), _SECONDS)


@pytest.mark.req("MCP-FR-071")
async def test_a_change_at_another_process_is_notified(servers: tuple[Server, Server]) -> None:
    here, there = servers
    user_id = f"user-{uuid4()}"
    front = Front(there, user_id)
    watched, other = front.create("Watched"), front.create("Other")
    async with _listening(here, user_id, f"tasks://{watched}") as subscription:
        front.rename(other, "Not this one")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscription), 1)
        front.rename(watched, "This one")
        event: Any = await _next(subscription)
        assert event.uri == f"tasks://{watched}"
    async with _listening(here, user_id, "tasks://overdue") as subscription:
        front.rename(other, "Any")
        event = await _next(subscription)
        assert event.uri == "tasks://overdue"


@pytest.mark.req("MCP-FR-071")
async def test_only_resources_are_acknowledged(servers: tuple[Server, Server]) -> None:
    async with (
        over_http(servers[0].url, mint(f"user-{uuid4()}")) as client,
        client.listen(tools_list_changed=True, resource_subscriptions=["tasks://overdue"]) as subscription,
    ):
        assert subscription.honored.model_dump(exclude_none=True) == {"resource_subscriptions": ["tasks://overdue"]}


@pytest.mark.req("MCP-FR-071", "MCP-FR-040")
async def test_the_changes_of_another_user_are_not_notified(servers: tuple[Server, Server]) -> None:
    here, there = servers
    mine, theirs = f"user-{uuid4()}", f"user-{uuid4()}"
    number = Front(there, theirs).create("Theirs")
    async with _listening(here, mine, f"tasks://{number}", "tasks://overdue") as subscription:
        Front(there, theirs).rename(number, "Still theirs")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscription), 1)
        Front(there, mine).create("Mine")
        event: Any = await _next(subscription)
        assert event.uri == "tasks://overdue"


@pytest.mark.req("MCP-FR-072")
async def test_a_subscription_ends_with_the_token(servers: tuple[Server, Server]) -> None:
    user_id = f"user-{uuid4()}"
    async with (
        over_http(servers[0].url, mint(user_id, exp=int(time.time()) + 4)) as client,
        client.listen(resource_subscriptions=["tasks://overdue"]) as subscription,
    ):
        with pytest.raises(StopAsyncIteration):
            await _next(subscription)


@pytest.mark.req("MCP-FR-072")
async def test_a_user_has_at_most_20_subscriptions_in_a_process(servers: tuple[Server, Server]) -> None:
    user_id = f"user-{uuid4()}"
    async with AsyncExitStack() as stack:
        client: Client = await stack.enter_async_context(over_http(servers[0].url, mint(user_id)))
        for _ in range(MAX_SUBSCRIPTIONS):
            await stack.enter_async_context(client.listen(resource_subscriptions=["tasks://overdue"]))
        with pytest.raises(MCPError, match="too many event streams"):
            await stack.enter_async_context(client.listen(resource_subscriptions=["tasks://overdue"]))


@pytest.mark.req("MCP-FR-072")
async def test_a_shutdown_ends_subscriptions(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "MCP_SESSION_TOKENS": "true"}
    user_id = f"user-{uuid4()}"
    with Server(tmp_path_factory.mktemp("shutdown"), "-m", "src", "serve", SHUTDOWN_DELAY="0", **settings) as server:
        async with _listening(server, user_id, "tasks://overdue") as subscription:
            server.terminate()
            with pytest.raises(StopAsyncIteration):
                await _next(subscription)
        assert await asyncio.to_thread(server.wait, _SECONDS) == -15
