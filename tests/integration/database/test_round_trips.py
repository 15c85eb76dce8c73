"""Round trips to the database: an ordinary request takes one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from tests.conftest import StartApp, User


class Wire:
    """A proxy between the app and PostgreSQL that counts round trips."""

    def __init__(self, folder: str, target: str) -> None:
        self.folder = folder
        self._target = target
        self.round_trips = 0
        self._is_server_next = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, Path(self.folder) / ".s.PGSQL.5432")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._target)
        await asyncio.gather(
            self._copy(reader, to_server, counted=True), self._copy(from_server, writer, counted=False)
        )

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        while data := await reader.read(1 << 20):
            self.round_trips += counted and not self._is_server_next  # a large request arrives in parts
            self._is_server_next = counted
            writer.write(data)
        writer.close()


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    target = parse_qs(urlsplit(database_url).query)["host"][0]
    with TemporaryDirectory(dir="/tmp") as folder:
        async with Wire(folder, f"{target}/.s.PGSQL.5432") as wire:
            yield wire


def through(wire: Wire, database_url: str) -> str:
    return urlsplit(database_url)._replace(query=urlencode({"host": wire.folder})).geturl()


@pytest.mark.req("TASK-FR-056", "TASK-FR-334")
@pytest.mark.parametrize("reference", ["{id}", "uid:{uid}"])
async def test_an_ordinary_request_is_one_round_trip(
    wire: Wire, database_url: str, start_app: StartApp, reference: str
) -> None:
    app = await start_app(database_url=through(wire, database_url), database_pool_size=1)
    app.state.components.broker.intervals.notify = 3600  # the first NOTIFY is not part of a request
    user = User(app)
    for warm in (False, True):
        named = reference.format(**await user.create())
        for method, path, body in (
            ("POST", "", {"title": "Buy milk"}),
            ("POST", "", {"title": "Buy milk", "uid": str(uuid4())}),
            ("GET", "", None),
            ("GET", "/changes", None),
            ("GET", f"/{named}", None),
            ("PUT", f"/{named}", {"title": "Buy tea"}),
            ("PATCH", f"/{named}", {"title": "Buy tea"}),
            ("PATCH", f"/{named}/complete", None),
            ("PATCH", f"/{named}/complete", {"completed": False, "tz": "Asia/Tokyo"}),
            ("PUT", f"/{named}", {"completed": True, "tz": "Asia/Tokyo"}),
            ("DELETE", f"/{named}", None),
            ("POST", f"/{named}/restore", None),
            ("DELETE", f"/{named}?permanent=true", None),
        ):
            before = wire.round_trips
            response = await user.request(method, path, json=body)
            assert response.status_code in {200, 201, 204}
            assert not warm or wire.round_trips - before == 1, f"{method} {path}"


DUE = {"title": "Buy milk", "due_date": "2026-12-01T09:00"}
RULE = {"title": "Buy milk", "due_date": "2026-12-01T09:00:00Z", "recurrence": "FREQ=WEEKLY;BYDAY=MO"}
IN_A_ZONE: list[tuple[str, str, object]] = [
    ("GET", "?sort=due_date", None),
    ("GET", "?overdue=true", None),
    ("GET", "?due_before=2026-12-01T09:00", None),
    ("GET", "/stats?", None),
    ("POST", "?", DUE),
    ("POST", "?", RULE),
    ("PATCH", "/{id}?", DUE),
]


@pytest.mark.req("TASK-FR-056", "TASK-FR-233")
async def test_the_stored_time_zone_takes_another_round_trip_where_it_is_needed(
    wire: Wire, database_url: str, start_app: StartApp
) -> None:
    app = await start_app(database_url=through(wire, database_url), database_pool_size=1)
    app.state.components.broker.intervals.notify = 3600
    user = User(app)
    assert (await user.http.put(f"/api/{user.id}/settings", json={"time_zone": "Europe/Paris"})).status_code == 200
    for warm in (False, True):
        task = await user.create()
        for method, path, body in IN_A_ZONE:
            for named, expected in (("", 2), ("&tz=Asia/Tokyo", 1)):
                before = wire.round_trips
                response = await user.request(method, path.format(**task) + named, json=body)
                assert response.status_code in {200, 201}
                assert not warm or wire.round_trips - before == expected, f"{method} {path}{named}"


@pytest.mark.req("TASK-FR-139")
async def test_five_hundred_operations_are_a_handful_of_round_trips(
    wire: Wire, database_url: str, start_app: StartApp
) -> None:
    user = User(await start_app(database_url=through(wire, database_url), database_pool_size=1))
    due = {"due_date": "2999-01-01", "recurrence": "FREQ=DAILY"}
    for warm in (False, True):
        creations = [{"op": "create", "task": {"title": f"task {n}", **due}} for n in range(250)]
        created = await user.post("/bulk", json={"operations": creations})
        completions = [{"op": "complete", "id": each["task"]["id"]} for each in created.json()["results"]]
        before = wire.round_trips
        response = await user.post("/bulk", json={"operations": creations + completions})
        assert [each["status"] for each in response.json()["results"]] == [201] * 250 + [200] * 250
        assert not warm or wire.round_trips - before <= 8


@pytest.mark.req("TASK-FR-129")
async def test_a_new_key_takes_five_round_trips_and_a_known_one_three(
    wire: Wire, database_url: str, start_app: StartApp
) -> None:
    app = await start_app(database_url=through(wire, database_url), database_pool_size=1)
    app.state.components.broker.intervals.notify = 3600
    user = User(app)
    for number in range(3):
        for expected in (5, 3):
            before = wire.round_trips
            headers = {"Idempotency-Key": f"key {number}"}
            assert (await user.post(json={"title": "Buy milk"}, headers=headers)).status_code == 201
            assert number < 2 or wire.round_trips - before == expected
