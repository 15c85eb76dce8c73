"""Time zones, and where days begin in them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field


@cache
def _names() -> set[str]:
    return available_timezones()


def _known(name: str) -> str:
    if name not in _names():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Paris")
    return name


TimeZone = Annotated[str, Field(max_length=100), AfterValidator(_known)]


def start_of(day: date, zone: str) -> datetime:
    """The first moment of a day; where a clock change skips midnight, the moment of the change."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def end_of(day: date, zone: str) -> datetime:
    """The last moment of a day, in microseconds as PostgreSQL counts."""
    return start_of(day + timedelta(days=1), zone).astimezone(UTC) - timedelta(microseconds=1)


def day_of(moment: datetime, zone: str) -> date:
    """The day that it is there at that moment."""
    return moment.astimezone(ZoneInfo(zone)).date()
