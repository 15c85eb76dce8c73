"""Expand a recurrence rule into its occurrences (RFC 5545, section 3.3.10), in order and in bounded time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, product
from math import gcd
from operator import itemgetter

from src.recurrence.days import days_with_moved, matching_days
from src.recurrence.rule import Rule

_HORIZON = 18_263
"""Fifty years in days: enough for a leap day on a given weekday. Searching to the year 9999 would take seconds."""
_END = date.max.toordinal() + 1
PERIODS_PER_DAY = {"DAILY": 1, "HOURLY": 24, "MINUTELY": 1440}
"""The number of periods in a day, for the frequencies whose periods are within days."""

type _Time = tuple[date, int]
"""A day, and the seconds since its midnight."""


def occurrences(rule: Rule, start: datetime, since: date) -> Iterator[datetime]:
    """Yield the wall-clock times of the occurrences in fifty years from a day on; a few earlier ones may come first.

    Args:
        rule: Missing parts are taken from the start.
        start: The rule's DTSTART, a wall-clock time. It need not be an occurrence.
        since: The day to begin with, not before the start. The cost does not depend on the distance.

    Raises:
        OverflowError: The search reaches the end of the calendar.
    """
    rule = with_defaults(rule, start)
    midnight = time(microsecond=start.microsecond)
    expand = _expand_within_days if rule.frequency in PERIODS_PER_DAY else _expand_periods
    times = expand(rule, start, since)
    for day, second in _merge_days(times) if rule.moves_days else times:
        yield datetime.combine(day, midnight) + timedelta(seconds=second)


def with_defaults(rule: Rule, start: datetime) -> Rule:
    """Add the parts that the rule takes from its start."""
    weekdays = {(0, start.weekday())} if rule.is_by_weeks and not rule.has_days else rule.weekdays
    numbers = _default_days(rule, start) | _default_times(rule, start) | rule.numbers
    return replace(rule, weekdays=frozenset(weekdays), numbers=numbers)


def _default_days(rule: Rule, start: datetime) -> dict[str, frozenset[int]]:
    parts = {"YEARLY": {"BYMONTH": start.month, "BYMONTHDAY": start.day}, "MONTHLY": {"BYMONTHDAY": start.day}}
    is_open = not (rule.has_days or rule.is_by_weeks)
    return {name: frozenset({value}) for name, value in parts.get(rule.frequency, {}).items() if is_open}


def _default_times(rule: Rule, start: datetime) -> dict[str, frozenset[int]]:
    return {
        "BYHOUR": frozenset(range(24) if rule.is_within_days else {start.hour}),
        "BYMINUTE": frozenset(range(60) if rule.frequency == "MINUTELY" else {start.minute}),
        "BYSECOND": frozenset({start.second}),
    }


def _seconds(rule: Rule) -> list[int]:
    """Return the rule's times as seconds of a day; a leap second counts as the one before it (section 3.3.12)."""
    times = product(*(rule.numbers[name] for name in ("BYHOUR", "BYMINUTE", "BYSECOND")))
    return sorted(hour * 3600 + minute * 60 + min(second, 59) for hour, minute, second in times)


def _chosen(count: int, positions: Iterable[int]) -> list[int]:
    """Return the indices that BYSETPOS selects out of `count` occurrences."""
    indices = {position - 1 if position > 0 else count + position for position in positions}
    return sorted(index for index in indices if 0 <= index < count)


def _merge_days(times: Iterable[_Time]) -> Iterator[_Time]:
    """Sort the times of each day without duplicates: SKIP may move the days of two periods to one day."""
    for _, of_day in groupby(times, itemgetter(0)):
        yield from sorted(set(of_day))


def _expand_periods(rule: Rule, start: datetime, since: date) -> Iterator[_Time]:
    """Expand a rule period by period: years, months or weeks."""
    origin = _origin(rule, start)
    present_day = max(origin, since - timedelta(days=rule.moves_days))  # the last month may move a day to the first
    first, present, last = (_period(rule, day.toordinal()) for day in (origin, present_day, _horizon(since)))
    positions, seconds = rule.numbers.get("BYSETPOS"), _seconds(rule)
    earliest = 1 if positions else since.toordinal()
    for period in range(present - (present - first) % rule.interval, last + 1, rule.interval):
        days = _days_of(rule, period, earliest)
        if not positions:
            yield from product(days, seconds)
        else:
            indices = _chosen(len(days) * len(seconds), positions)
            yield from ((days[index // len(seconds)], seconds[index % len(seconds)]) for index in indices)


def _days_of(rule: Rule, period: int, earliest: int) -> list[date]:
    """Return the days of a period that match the rule; without `moves_days` only those from `earliest` on."""
    if rule.moves_days:
        is_year = rule.frequency == "YEARLY"
        months = product([period], range(1, 13)) if is_year else [(period // 12, period % 12 + 1)]
        return days_with_moved(rule, months)
    return list(matching_days(rule, range(max(earliest, _begin(rule, period)), min(_begin(rule, period + 1), _END))))


def _origin(rule: Rule, start: datetime) -> date:
    """Return a day in the period of the start: the day before it, if SKIP has moved it to the first of a month."""
    if not rule.moves_days or start.day > 1 or 1 in rule.numbers["BYMONTHDAY"]:
        return start.date()
    before = start.date() - timedelta(days=1)
    return before if start.date() in days_with_moved(rule, [(before.year, before.month)]) else start.date()


def _horizon(since: date) -> date:
    return date.fromordinal(min(since.toordinal() + _HORIZON, _END - 1))


def _period(rule: Rule, ordinal: int) -> int:
    """Return the number of the year, month or week that contains the day with this ordinal."""
    if rule.frequency == "WEEKLY":
        return (ordinal - 1 - rule.week_start) // 7
    day = date.fromordinal(ordinal)
    return day.year if rule.frequency == "YEARLY" else day.year * 12 + day.month - 1


def _begin(rule: Rule, period: int) -> int:
    """Return the ordinal of the first day of the period with this number."""
    if rule.frequency == "WEEKLY":
        return period * 7 + 1 + rule.week_start
    year, month = (period, 0) if rule.frequency == "YEARLY" else divmod(period, 12)
    return date(year, month + 1, 1).toordinal() if year <= date.max.year else _END


def _expand_within_days(rule: Rule, start: datetime, since: date) -> Iterator[_Time]:
    """Expand a rule whose periods are days, hours or minutes, visiting only the days that match."""
    per_day = PERIODS_PER_DAY[rule.frequency]
    first = (start.hour * 60 + start.minute) * per_day // 1440
    seconds = _seconds_by_period(rule, 86_400 // per_day)
    periods = {period for period in seconds if (period - first) % gcd(rule.interval, per_day) == 0}
    if not periods:  # no period of any day matches
        return
    for day in matching_days(rule, range(since.toordinal(), _horizon(since).toordinal() + 1)):
        passed = (day - start.date()).days * per_day - first
        for period in sorted(periods.intersection(range(-passed % rule.interval, per_day, rule.interval))):
            yield from product([day], seconds[period])


def _seconds_by_period(rule: Rule, length: int) -> dict[int, list[int]]:
    """Group the rule's seconds of the day by the period that contains them."""
    periods = {period: list(group) for period, group in groupby(_seconds(rule), lambda second: second // length)}
    if positions := rule.numbers.get("BYSETPOS"):
        periods = {
            period: [group[index] for index in _chosen(len(group), positions)] for period, group in periods.items()
        }
    return {period: group for period, group in periods.items() if group}
