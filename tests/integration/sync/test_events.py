"""Server-sent events of one process: what a client is sent, from which sync token, until when."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from src.db import database
from src.services.sync.intervals import Intervals
from src.services.sync.registry import MAX_SUBSCRIPTIONS
from tests.conftest import Connection, StartApp, User
from tests.integration.sync.test_sync import age_and_purge, listed
from tests.support.lock_helpers import uncommitted
from tests.support.sse_client import Stream, served
from tests.support.sync_client import SyncClient
from tests.support.tokens import mint

pytestmark = pytest.mark.usefixtures("accounts")  # revisions are small numbers here


@pytest.fixture(scope="module")
async def url(app: FastAPI) -> AsyncIterator[str]:
    """The URL at which the app of the tests serves real connections."""
    async with served(app) as url:
        yield url


@pytest.mark.req("TASK-FR-150")
async def test_a_stream_begins_with_its_sync_token_and_no_event(url: str, user: User) -> None:
    async with Stream(url, user) as stream:
        assert stream.first == {"id": "0", "retry": "2000"}
    await user.create()
    async with Stream(url, user) as stream:
        assert stream.first == {"id": "1", "retry": "2000"}
        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        assert stream.response.headers["Cache-Control"] == "no-store, no-transform"
        assert await stream.silent()


@pytest.mark.req("TASK-FR-151")
async def test_each_change_is_an_event_with_the_task_as_it_is_now(url: str, user: User) -> None:
    async with Stream(url, user) as stream:
        task = await user.create("Buy milk\r\nor 'tea' \u2028 😀")
        created = await stream.next()
        assert (created.id, created.name, created.task) == ("1", "created", (await user.tasks())[0])
        path = f"/{task['id']}"
        for name, request in {
            "updated": user.patch(path, json={"title": "Buy tea"}),
            "completed": user.patch(f"{path}/complete"),
            "reopened": user.put(path, json={"completed": False}),
            "deleted": user.delete(path),
            "restored": user.post(f"{path}/restore"),
            "erased": user.delete(path, params={"permanent": True}),
        }.items():
            assert (await request).status_code in {200, 204}
            event = await stream.next()
            assert (event.name, event.id) == (name, str(event.task["revision"]))
            assert (event.task["deleted_at"] is not None) is (name in {"deleted", "erased"})
        assert event.task["title"] == ""


@pytest.mark.req("TASK-FR-151")
async def test_each_operation_of_a_bulk_is_an_event(url: str, user: User) -> None:
    async with Stream(url, user) as stream:
        new = [{"op": "create", "task": {"title": f"{number}"}} for number in range(60)]
        assert (await user.post("/bulk", json={"operations": new})).status_code == 200
        events = await stream.take(60)
    assert [event.id for event in events] == [f"{number}" for number in range(1, 61)]
    assert [event.task["title"] for event in events] == [f"{number}" for number in range(60)]


@pytest.mark.req("TASK-FR-152")
@pytest.mark.parametrize(
    ("headers", "query"),
    [({"Last-Event-ID": "2"}, {}), ({}, {"since": "2"}), ({"Last-Event-ID": "2"}, {"since": "1"})],
)
async def test_a_client_that_resumes_gets_each_missed_task_as_it_is_now(
    url: str, user: User, headers: dict[str, str], query: dict[str, str]
) -> None:
    first, second = await user.create("First"), await user.create("Second")
    await user.patch(first["id"], json={"title": "First again"})
    await user.patch(first["id"], json={"title": "First at last"})
    await user.delete(second["id"])
    async with Stream(url, user, headers, **query) as stream:
        assert stream.first["id"] == "2"
        events = await stream.take(2)
        assert [(event.id, event.name, event.task["title"]) for event in events] == [
            ("4", "updated", "First at last"),
            ("5", "deleted", "Second"),
        ]
        await user.create("Third")
        assert (await stream.next()).task["title"] == "Third"


@pytest.mark.req("TASK-FR-152")
async def test_a_client_that_reconnects_after_each_event_has_what_the_server_has(url: str, user: User) -> None:
    client, last = SyncClient(user), "0"

    async def write() -> None:
        for number in range(40):
            task = await user.create(f"{number}")
            await user.patch(f"/{task['id']}/complete")
            await (user.delete(task["id"]) if number % 3 == 0 else user.patch(task["id"], json={"title": "x"}))

    writing = asyncio.create_task(write())
    while last != "120":
        async with Stream(url, user, {"Last-Event-ID": last}) as stream:
            for event in await stream.take(1):
                client.apply(event.task)
            last = stream.id
    await writing
    assert client.tasks == await listed(user)


@pytest.mark.req("TASK-FR-153")
async def test_a_client_that_missed_a_purged_deletion_gets_410_instead_of_a_stream(
    url: str, app: FastAPI, sql: Connection, user: User
) -> None:
    task = await user.create()
    await user.delete(task["id"])
    await age_and_purge(app, sql, user)
    for since, status in {"1": 410, "2": 200, "3": 200, "4": 410, "0": 200}.items():
        async with Stream(url, user, {"Last-Event-ID": since}) as stream:
            assert stream.response.status_code == status
            if status == 410:
                assert stream.response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.req("TASK-FR-154")
async def test_a_silent_stream_has_heartbeat_comments(start_app: StartApp) -> None:
    app = await start_app()
    app.state.components.broker.intervals.heartbeat = 0.1
    user = User(app)
    async with served(app) as url, Stream(url, user) as stream:
        await asyncio.gather(stream.next(), _after(0.5, user))
        assert 1 <= stream.comments <= 6
    assert Intervals().heartbeat == 15


async def _after(seconds: float, user: User) -> None:
    await asyncio.sleep(seconds)
    await user.create()


@pytest.mark.req("TASK-FR-342")
async def test_a_stream_that_cannot_read_reads_again_soon(
    url: str, user: User, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user.create("Buy milk")
    monkeypatch.setattr(database, "_CALL_TIMEOUT_SECONDS", 1)
    async with AsyncExitStack() as lock:
        await lock.enter_async_context(uncommitted(database_url, "LOCK TABLE tasks"))
        async with Stream(url, user, since=0) as stream:
            assert await stream.block() == {"": "ping"}
            await lock.aclose()
            async with asyncio.timeout(Intervals().heartbeat / 2):
                assert (await stream.next()).task["title"] == "Buy milk"


@pytest.mark.req("TASK-FR-155")
async def test_a_stream_ends_with_its_token(url: str, user: User) -> None:
    until = int(time.time()) + 2
    token = {"Authorization": f"Bearer {mint(user.id, exp=until)}"}
    async with Stream(url, user, token) as stream:
        await user.create()
        assert (await stream.next()).name == "created"
        assert await stream.ended()
        assert until <= time.time() < until + 5


@pytest.mark.req("TASK-FR-156")
async def test_streams_end_when_the_process_shuts_down(start_app: StartApp) -> None:
    app = await start_app()
    user = User(app)
    async with served(app) as url, Stream(url, user) as stream:
        await user.create()
        app.state.components.shutdown.set()
        assert (await stream.next()).name == "created"
        assert await stream.ended()
        async with Stream(url, user) as late:
            assert await late.ended()


@pytest.mark.req("TASK-FR-157")
async def test_another_users_stream_is_silent(url: str, user: User, stranger: User) -> None:
    async with Stream(url, stranger) as stream, Stream(url, user) as own:
        await user.create()
        assert (await own.next()).name == "created"
        assert await stream.silent()


@pytest.mark.req("TASK-FR-157")
async def test_a_foreign_path_has_no_stream(url: str, user: User, stranger: User) -> None:
    async with Stream(url, stranger, {"Authorization": f"Bearer {mint(user.id)}"}) as stream:
        assert stream.response.status_code == 403


@pytest.mark.req("TASK-FR-158")
async def test_a_slow_reader_delays_no_other_and_holds_no_connection(start_app: StartApp) -> None:
    app = await start_app(database_pool_size=1)
    user = User(app)
    for _ in range(8):
        new = [{"op": "create", "task": {"title": "Long", "description": "x" * 10_000}}] * 90
        assert (await user.post("/bulk", json={"operations": new})).status_code == 200
    async with served(app) as url, Stream(url, user, since="0") as slow, Stream(url, user) as quick:
        for number in range(20):
            await user.create(f"{number}")
            assert (await quick.next()).task["title"] == f"{number}"
        ids = [int(event.id) for event in await slow.take(740)]
    assert ids == list(range(ids[0], ids[0] + 740))


@pytest.mark.req("TASK-FR-158", "TASK-FR-153")
async def test_a_stream_that_is_too_slow_for_a_purge_ends_and_cannot_be_resumed(
    start_app: StartApp, sql: Connection
) -> None:
    app = await start_app()
    user = User(app)
    for _ in range(10):
        new = [{"op": "create", "task": {"title": "Long", "description": "x" * 10_000}}] * 95
        assert (await user.post("/bulk", json={"operations": new})).status_code == 200
    tasks = await user.tasks()
    async with served(app) as url, Stream(url, user, since=f"{tasks[-1]['revision']}") as stream:
        await asyncio.sleep(0.5)
        await user.delete(tasks[0]["id"])
        await age_and_purge(app, sql, user)
        assert await stream.ended()
        async with Stream(url, user, {"Last-Event-ID": stream.id}) as again:
            assert again.response.status_code == 410


@pytest.mark.req("HTTP-FR-027", "TASK-FR-159")
async def test_head_on_a_stream_holds_no_subscription(url: str, user: User) -> None:
    headers = {"Authorization": f"Bearer {mint(user.id)}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        for _ in range(MAX_SUBSCRIPTIONS + 5):
            response = await http.head(f"{user.path}/events")
            assert response.status_code == 200
            assert response.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.req("TASK-FR-159")
async def test_a_user_has_a_limited_number_of_streams(url: str, user: User, stranger: User) -> None:
    streams = [Stream(url, user) for _ in range(MAX_SUBSCRIPTIONS)]
    await asyncio.gather(*(stream.__aenter__() for stream in streams))
    async with Stream(url, user) as refused, Stream(url, stranger) as other:
        assert (refused.response.status_code, refused.response.headers["Retry-After"]) == (429, "15")
        assert other.response.status_code == 200
    await streams.pop().__aexit__()
    async with asyncio.timeout(10):
        status = 429
        while status == 429:
            async with Stream(url, user) as stream:
                status = stream.response.status_code
    assert status == 200
    for each in streams:
        await each.__aexit__()


@pytest.mark.req("TASK-FR-159")
async def test_streams_that_are_opened_at_the_same_time_do_not_exceed_the_limit(url: str, user: User) -> None:
    streams = [Stream(url, user) for _ in range(3 * MAX_SUBSCRIPTIONS)]
    await asyncio.gather(*(stream.__aenter__() for stream in streams))
    statuses = [stream.response.status_code for stream in streams]
    assert sorted(statuses) == [200] * MAX_SUBSCRIPTIONS + [429] * 2 * MAX_SUBSCRIPTIONS
    for each in streams:
        await each.__aexit__()
