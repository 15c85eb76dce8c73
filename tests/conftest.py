"""Fixtures: the real app on a real PostgreSQL. Each test has users of its own, so none needs to clean up."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import hypothesis
import pytest
from fastapi import FastAPI

from src.app import create_app
from src.config import Settings, load_settings
from src.db import migrations
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres
from tests.support.pgbouncer import pgbouncer, through
from tests.support.tokens import SECRET, mint

for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)
# Images often set it; a hundred processes would each compile all their imports again, for seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Shells ignore them for what runs in the background, and programs that tests start and signal would inherit that.
for number in signal.SIGINT, signal.SIGHUP:
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

# Each client of httpx would load all authorities anew, for 20 ms, although the servers of the tests have no TLS.
ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]  # a cache has other types

hypothesis.settings.register_profile("busy", deadline=None)  # the machine may have other things to do
hypothesis.settings.load_profile("busy")

pytest_plugins = ["tests.support.selection"]

JSON = {"Content-Type": "application/json"}
ORIGIN = "https://app.example.com"


class User:
    """A user with a token: `await user.post("", json={…})` requests `/api/{user.id}/tasks`."""

    def __init__(self, app: FastAPI, user_id: str | None = None) -> None:
        self.id = user_id or f"user-{uuid4()}"
        self.path = f"/api/{quote(self.id, safe='')}/tasks"
        self.http = client(app, headers={"Authorization": f"Bearer {mint(self.id)}"})

    async def request(self, method: str, path: str | int = "", **options: Any) -> httpx.Response:
        suffix = f"/{path}" if isinstance(path, int) else path
        return await self.http.request(method, self.path + suffix, **options)

    async def get(self, path: str | int = "", **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str | int = "", **options: Any) -> httpx.Response:
        return await self.request("POST", path, **options)

    async def put(self, path: str | int = "", **options: Any) -> httpx.Response:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str | int = "", **options: Any) -> httpx.Response:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str | int = "", **options: Any) -> httpx.Response:
        return await self.request("DELETE", path, **options)

    async def create(self, title: str = "Buy milk", **members: object) -> dict[str, Any]:
        """Add a task and return it."""
        response = await self.post(json={"title": title, **members})
        assert response.status_code == 201, response.text
        task: dict[str, Any] = response.json()
        return task

    async def tasks(self, **query: Any) -> list[dict[str, Any]]:
        """Return the tasks of the first page of the list."""
        response = await self.get(params=query)
        assert response.status_code == 200, response.text
        tasks: list[dict[str, Any]] = response.json()["tasks"]
        return tasks

    async def revision(self) -> int:
        """Return the user's revision, from the list's ETag."""
        return int((await self.get()).headers["ETag"].strip('"'))


def listed(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """Return tasks as lists contain them, from responses that contain one task."""
    return [{name: value for name, value in task.items() if name != "next_task"} for task in tasks]


type Connection = asyncpg.Connection[asyncpg.Record]
type StartApp = Callable[..., Awaitable[FastAPI]]
type SettingsTransform = Callable[[dict[str, object]], dict[str, object]]
type NewDatabase = Callable[..., Awaitable[str]]


def client(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """Return an HTTP client of the app, as a browser uses it."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test", **options)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a PostgreSQL server without our tables."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data", durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
async def database_url(server_url: str) -> str:
    """Return the URL of a database with our tables, shared by all tests."""
    return await _create_database(server_url)


@pytest.fixture(scope="session")
def new_database(server_url: str) -> NewDatabase:
    """Return a function that creates a database, with our tables or without, for one test or module."""
    return partial(_create_database, server_url)


@pytest.fixture(scope="session")
def via_pooler(server_url: str) -> Iterator[SettingsTransform]:
    """Return settings that put a pooler in front of the tests' server, if TEST_DATABASE_POOLER is set."""
    kind = os.environ.get("TEST_DATABASE_POOLER")
    if not kind:
        yield lambda settings: settings
        return
    prepared = kind == "prepared"
    with pgbouncer(server_url, prepared=prepared, pool_size=20) as folder:
        yield partial(_pooled, server_url, folder, prepared=prepared)


@pytest.fixture(scope="session")
async def start_app(database_url: str, via_pooler: SettingsTransform) -> AsyncIterator[StartApp]:
    """Return a function that starts an app; settings are given by name and replace the usual ones."""
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> FastAPI:
            app = create_app(load_settings(**via_pooler(_settings(database_url) | settings)))
            await stack.enter_async_context(app.router.lifespan_context(app))
            return app

        yield start


@pytest.fixture(scope="session")
async def app(start_app: StartApp) -> FastAPI:
    return await start_app()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> float:
    """Shorten the seconds that the app of the test waits for its database, which are four in production."""
    seconds = 2
    monkeypatch.setattr("src.db.database._CALL_TIMEOUT_SECONDS", seconds)
    return seconds


@pytest.fixture
def user(app: FastAPI) -> User:
    return User(app)


@pytest.fixture
def stranger(app: FastAPI) -> User:
    return User(app)


@pytest.fixture
async def accounts(user: User, stranger: User, sql: Connection) -> None:
    """Create the rows of both users as Better Auth does in a shared table, so that their revisions count from 0."""
    await sql.executemany("INSERT INTO users (id) VALUES ($1)", [(user.id,), (stranger.id,)])


@pytest.fixture
async def anonymous(app: FastAPI) -> httpx.AsyncClient:
    """Return a client without a token."""
    return client(app)


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[Connection]:
    """Return a connection to the tests' database, past the API."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def _settings(database_url: str) -> dict[str, object]:
    return {
        "_env_file": None,
        "environment": "test",
        "database_url": database_url,
        "better_auth_secret": SECRET,
        "allowed_origins": ORIGIN,
        "rate_limit_auth_failures": "off",  # all tests come from one address
    }


def _pooled(server_url: str, folder: str, settings: dict[str, object], *, prepared: bool) -> dict[str, object]:
    """Add the pooler, unless the test sets its own database URL or prepared statements."""
    url = str(settings["database_url"])
    if urlsplit(url).query != urlsplit(server_url).query or "database_prepared_statements" in settings:
        return settings
    return settings | {"database_url": through(folder, url), "database_prepared_statements": prepared}


async def _create_database(server_url: str, options: str = "", *, migrated: bool = True) -> str:
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name} {options}")
    await connection.close()
    url = httpx.URL(server_url).copy_with(path=f"/{name}")
    if migrated:
        await asyncio.to_thread(migrations.upgrade, DatabaseUrl.parse(str(url)))
        if os.environ.get("TEST_DATABASE_PARTITIONED"):
            await _partition(str(url))
    return str(url)


async def _partition(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute((Path(__file__).parents[1] / "benchmarks" / "partition.sql").read_text())
    await connection.close()
