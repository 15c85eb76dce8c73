"""Fixtures: an app that connects to its database through a network that can fail."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI

from tests.conftest import Connection, NewDatabase, StartApp, User
from tests.support.proxy import Proxy


@pytest.fixture
async def own_database(new_database: NewDatabase) -> str:
    """Create a database for this test, and return its URL without the proxy."""
    return await new_database()


@pytest.fixture
async def server(own_database: str) -> AsyncIterator[Connection]:
    """Return an operator's connection to the database."""
    connection = await asyncpg.connect(own_database)
    yield connection
    await connection.close()


@pytest.fixture
async def proxy(own_database: str) -> AsyncIterator[Proxy]:
    async with Proxy(own_database) as proxy:
        yield proxy


@pytest.fixture
async def app(proxy: Proxy, start_app: StartApp) -> FastAPI:
    """Start an app whose pool is full, so that the connections exist when they fail, and lift its rate limits."""
    app = await start_app(database_url=proxy.url, rate_limit="off")
    await asyncio.gather(*(User(app).create() for _ in range(30)))
    return app
