"""Timestamps cross the way to the database and back as they are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import pytest

from src.db.connect import connect
from src.db.pool import Connection
from src.db.url import DatabaseUrl

_INSTANTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime(1883, 11, 18, 12, 3, 57, 999999, UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 2, 30, 0, 1, timezone(timedelta(hours=-9, minutes=-30))),
    datetime.max.replace(tzinfo=UTC),
]
_READ_BACK = "SELECT $1::timestamptz, CAST($1::timestamptz AT TIME ZONE 'UTC' AS text)"


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    connection = await connect(**DatabaseUrl.parse(database_url).connect_arguments)
    yield connection
    await connection.close()


@pytest.mark.req("DB-FR-030")
@pytest.mark.parametrize("instant", _INSTANTS, ids=str)
async def test_a_timestamp_keeps_its_microseconds(connection: Connection, instant: datetime) -> None:
    (row,) = await connection.fetch(_READ_BACK, instant)
    found, text = row
    assert (found, found.tzinfo) == (instant, UTC)
    assert datetime.fromisoformat(f"{text}+00:00") == instant


@pytest.mark.req("DB-FR-030")
async def test_a_timestamp_without_a_time_zone_is_not_sent(connection: Connection) -> None:
    with pytest.raises(asyncpg.DataError):
        await connection.fetchval(_READ_BACK, datetime(2026, 1, 1))  # noqa: DTZ001 - this is the mistake
