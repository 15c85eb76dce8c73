"""When a recurrence rule occurs (RFC 5545, section 3.3.10): in order, each time once, and found in bounded time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, product
from math import gcd

from src.recurrence.days import matching_days
from src.recurrence.rule import Rule

_HORIZON = 18_263
"""Fifty years in days: a leap day that is a Monday comes within forty. To walk on to the year 9999 takes seconds."""
_END = date.max.toordinal() + 1
PERIODS_PER_DAY = {"DAILY": 1, "HOURLY": 24, "MINUTELY": 1440}
"""How many periods of these frequencies a day has; of all others, a period has several days."""

type _Time = tuple[date, int]
"""A day, and the seconds since its midnight."""


def occurrences(rule: Rule, start: datetime, since: date) -> Iterator[datetime]:
    """The wall-clock times at which a rule occurs in the fifty years from a day on, behind a few that are earlier.

    Args:
        rule: What it leaves open is as at the start.
        start: The rule's DTSTART, a wall-clock time. It need not be an occurrence.
        since: Not before the start. How long after it costs nothing.

    Raises:
        OverflowError: The calendar ends.
    """
    rule = _completed(rule, start)
    midnight = time(microsecond=start.microsecond)
    for day, second in (_by_slots if rule.frequency in PERIODS_PER_DAY else _by_periods)(rule, start, since):
        yield datetime.combine(day, midnight) + timedelta(seconds=second)


def _completed(rule: Rule, start: datetime) -> Rule:
    weekdays = {(0, start.weekday())} if rule.is_by_weeks and not rule.has_days else rule.weekdays
    numbers = _days_like(rule, start) | _times_like(rule, start) | rule.numbers
    return replace(rule, weekdays=frozenset(weekdays), numbers=numbers)


def _days_like(rule: Rule, start: datetime) -> dict[str, frozenset[int]]:
    parts = {"YEARLY": {"BYMONTH": start.month, "BYMONTHDAY": start.day}, "MONTHLY": {"BYMONTHDAY": start.day}}
    is_open = not (rule.has_days or rule.is_by_weeks)
    return {name: frozenset({value}) for name, value in parts.get(rule.frequency, {}).items() if is_open}


def _times_like(rule: Rule, start: datetime) -> dict[str, frozenset[int]]:
    return {
        "BYHOUR": frozenset(range(24) if rule.is_within_days else {start.hour}),
        "BYMINUTE": frozenset(range(60) if rule.frequency == "MINUTELY" else {start.minute}),
        "BYSECOND": frozenset({start.second}),
    }


def _seconds(rule: Rule) -> list[int]:
    """Of a day. A leap second is the one before it, where there is none (section 3.3.12)."""
    times = product(*(rule.numbers[name] for name in ("BYHOUR", "BYMINUTE", "BYSECOND")))
    return sorted(hour * 3600 + minute * 60 + min(second, 59) for hour, minute, second in times)


def _chosen(count: int, positions: Iterable[int]) -> list[int]:
    """The indices of those of so many occurrences that BYSETPOS names."""
    indices = {position - 1 if position > 0 else count + position for position in positions}
    return sorted(index for index in indices if 0 <= index < count)


def _by_periods(rule: Rule, start: datetime, since: date) -> Iterator[_Time]:
    """Year by year, month by month or week by week."""
    first, present, last = (_period(rule, day.toordinal()) for day in (start, since, _horizon(since)))
    positions, seconds = rule.numbers.get("BYSETPOS"), _seconds(rule)
    earliest = 1 if positions else since.toordinal()
    for period in range(present - (present - first) % rule.interval, last + 1, rule.interval):
        ordinals = range(max(earliest, _begin(rule, period)), min(_begin(rule, period + 1), _END))
        days = list(matching_days(rule, ordinals))
        if not positions:
            yield from product(days, seconds)
        else:
            indices = _chosen(len(days) * len(seconds), positions)
            yield from ((days[index // len(seconds)], seconds[index % len(seconds)]) for index in indices)


def _horizon(since: date) -> date:
    return date.fromordinal(min(since.toordinal() + _HORIZON, _END - 1))


def _period(rule: Rule, ordinal: int) -> int:
    """The number of the year, month or week that the day with this ordinal lies in."""
    if rule.frequency == "WEEKLY":
        return (ordinal - 1 - rule.week_start) // 7
    day = date.fromordinal(ordinal)
    return day.year if rule.frequency == "YEARLY" else day.year * 12 + day.month - 1


def _begin(rule: Rule, period: int) -> int:
    """The ordinal of the first day of the period with this number."""
    if rule.frequency == "WEEKLY":
        return period * 7 + 1 + rule.week_start
    year, month = (period, 0) if rule.frequency == "YEARLY" else divmod(period, 12)
    return date(year, month + 1, 1).toordinal() if year <= date.max.year else _END


def _by_slots(rule: Rule, start: datetime, since: date) -> Iterator[_Time]:
    """Day by day, hour by hour or minute by minute, but only the days that match."""
    in_a_day = PERIODS_PER_DAY[rule.frequency]
    first = (start.hour * 60 + start.minute) * in_a_day // 1440
    seconds = _by_slot(rule, 86_400 // in_a_day)
    slots = {slot for slot in seconds if (slot - first) % gcd(rule.interval, in_a_day) == 0}
    if not slots:  # on no day, whichever it is
        return
    for day in matching_days(rule, range(since.toordinal(), _horizon(since).toordinal() + 1)):
        passed = (day - start.date()).days * in_a_day - first
        for slot in sorted(slots.intersection(range(-passed % rule.interval, in_a_day, rule.interval))):
            yield from product([day], seconds[slot])


def _by_slot(rule: Rule, length: int) -> dict[int, list[int]]:
    """The seconds of the slots that have any."""
    slots = {slot: list(group) for slot, group in groupby(_seconds(rule), lambda second: second // length)}
    if positions := rule.numbers.get("BYSETPOS"):
        slots = {slot: [group[index] for index in _chosen(len(group), positions)] for slot, group in slots.items()}
    return {slot: group for slot, group in slots.items() if group}
