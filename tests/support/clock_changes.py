"""The clock changes of all time zones of the IANA database in two years."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_STEP, _MINUTE = timedelta(days=7), timedelta(minutes=1)
"""No zone undoes a change within a week."""


class ClockChange(NamedTuple):
    """The instant at which the offset of a time zone changes, and the two offsets."""

    zone: str
    instant: datetime
    before: timedelta
    after: timedelta


def _offset(zone: str, instant: datetime) -> timedelta:
    return instant.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def _bisected(zone: str, early: datetime, late: datetime) -> ClockChange:
    before, after = _offset(zone, early), _offset(zone, late)
    while late - early > _MINUTE:
        middle = early + (late - early) // (2 * _MINUTE) * _MINUTE
        early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
    return ClockChange(zone, late, before, after)


def _changes_of(zone: str, year: int) -> Iterator[ClockChange]:
    early = datetime(year, 1, 1, tzinfo=UTC)
    while early.year < year + 2:
        late = early + _STEP
        if _offset(zone, early) != _offset(zone, late):
            yield _bisected(zone, early, late)
        early = late


@cache
def clock_changes(year: int) -> list[ClockChange]:
    """Return all changes of a year and the next one, in the order of the names of their time zones."""
    return [change for zone in sorted(available_timezones()) for change in _changes_of(zone, year)]


@cache
def zones_with_other_changes(year: int) -> dict[str, list[ClockChange]]:
    """Return the changes by time zone, with one time zone for all that change at the same instants by the same."""
    by_zone: dict[str, list[ClockChange]] = {}
    for change in clock_changes(year):
        by_zone.setdefault(change.zone, []).append(change)
    return dict({tuple(each[1:] for each in changes): (zone, changes) for zone, changes in by_zone.items()}.values())
