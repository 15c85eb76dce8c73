"""Time zones, and conversions between days and instants in them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

_NO_ZONES = {"Factory", "localtime"}
"""Names that are no zones: the placeholder for a missing configuration, and a file of some systems."""


@cache
def _names() -> set[str]:
    return available_timezones() - _NO_ZONES


def is_time_zone(name: str) -> bool:
    """Whether this is the name of a time zone of the IANA database."""
    return name in _names()


def _check_name(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError("must be a time zone of the IANA database, such as Europe/Paris")
    return name


TimeZone = Annotated[str, Field(max_length=100), AfterValidator(_check_name)]


def start_of(day: date, zone: str) -> datetime:
    """Return the first instant of a day; if a clock change skips midnight, the instant of the change."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def end_of(day: date, zone: str) -> datetime:
    """Return the last instant of a day, with PostgreSQL's precision of microseconds."""
    return start_of(day + timedelta(days=1), zone).astimezone(UTC) - timedelta(microseconds=1)


def day_of(instant: datetime, zone: str) -> date:
    """Return the day of an instant in a time zone."""
    return instant.astimezone(ZoneInfo(zone)).date()
