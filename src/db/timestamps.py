"""Decode `timestamptz` without asyncpg, which takes half of the time in which a page of tasks is read (ADR 0073)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from src.db.pool import Connection

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_MICROSECOND = timedelta.resolution
_MAX_CACHED = 10_000  # some 2 MB

type _Microseconds = tuple[int]


async def use_fast_timestamps(connection: Connection) -> None:
    """Read and write `timestamptz` as aware datetimes, as before, without asking the server."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="tuple", encoder=_encode, decoder=_decode
    )


def _encode(instant: datetime) -> _Microseconds:
    return ((instant - _EPOCH) // _MICROSECOND,)


@lru_cache(_MAX_CACHED)  # a task is read more often than it changes, and those of a bulk have the same timestamps
def _decode(since_epoch: _Microseconds) -> datetime:
    return _EPOCH + _MICROSECOND * since_epoch[0]
