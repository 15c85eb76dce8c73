"""The clock changes of the IANA time zones in 2027 and 2028 that skip local times."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_FIRST, _LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


class Gap(NamedTuple):
    """Local times that a zone skips: from `start` on, for `length`, all in the offset before the change."""

    zone: str
    change: datetime
    """The first instant after the change, in UTC."""
    length: timedelta

    @property
    def start(self) -> datetime:
        """Return the first skipped local time, at the offset before the change."""
        offset = (self.change - _SECOND).astimezone(ZoneInfo(self.zone)).utcoffset()
        return (self.change + (offset or timedelta())).replace(tzinfo=None)


def _offset(clock: tzinfo, instant: datetime) -> timedelta:
    return instant.astimezone(clock).utcoffset() or timedelta()


def _change(clock: tzinfo, before: datetime, after: datetime) -> datetime:
    """Find the first instant with the later offset by bisection."""
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        is_before = _offset(clock, middle) == _offset(clock, before)
        before, after = (middle, after) if is_before else (before, middle)
    return after.replace(microsecond=0)


def _of_zone(zone: str) -> Iterator[Gap]:
    clock, day = ZoneInfo(zone), _FIRST
    while day < _LAST:
        length = _offset(clock, day + _DAY) - _offset(clock, day)
        if length > timedelta():
            yield Gap(zone, _change(clock, day, day + _DAY), length)
        day += _DAY


GAPS = [gap for zone in sorted(available_timezones()) for gap in _of_zone(zone)]
