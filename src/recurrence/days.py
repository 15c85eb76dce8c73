"""Filter days by the BY parts of a recurrence rule (RFC 5545, section 3.3.10)."""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import partial

from src.recurrence.rule import Rule

_LENGTHS = [[monthrange(year, month)[1] for month in range(1, 13)] for year in (2023, 2024)]
"""The lengths of the months, in a common and in a leap year."""

_DAYS_OF_400_YEARS = 146097
"""The period of the Gregorian calendar, weekdays included."""

type DayPosition = tuple[int, int]
"""The number of a day in its month or year, and the number of days there; or a position from the start and the end."""


def matching_days(rule: Rule, ordinals: Iterable[int]) -> Iterator[date]:
    """Yield the days with these proleptic Gregorian ordinals that match all parts of the rule."""
    days: Iterator[date] = map(date.fromordinal, ordinals)
    for is_match in _filters(rule):
        days = filter(is_match, days)
    return days


def days_with_moved(rule: Rule, months: Iterable[tuple[int, int]]) -> list[date]:
    """Return the days of BYMONTHDAY in these months; SKIP moves those that a month lacks (RFC 7529, section 4.1).

    `FORWARD` moves to the first of the next month, whatever BYMONTH says about that. BYDAY applies to the moved days.
    """
    of_rule = rule.numbers.get("BYMONTH", range(1, 13))
    days = sorted({day for year, month in months if month in of_rule for day in _days_of_month(rule, year, month)})
    return list(filter(_weekday_filter(rule), days)) if rule.weekdays else days


def _days_of_month(rule: Rule, year: int, month: int) -> Iterator[date]:
    last = date(year, month, _LENGTHS[isleap(year)][month - 1])
    for number in rule.numbers["BYMONTHDAY"]:
        day = number if number > 0 else last.day + 1 + number
        if day > last.day:
            yield last + timedelta(days=rule.skip == "FORWARD")
        elif day > 0:
            yield last.replace(day=day)


def _filters(rule: Rule) -> Iterator[Callable[[date], bool]]:
    """Yield a filter for each part of the rule, cheap filters first."""
    numbers = rule.numbers
    if "BYMONTH" in numbers:
        yield lambda day: day.month in numbers["BYMONTH"]
    if "BYMONTHDAY" in numbers:
        yield lambda day: not numbers["BYMONTHDAY"].isdisjoint(_from_both_ends(*_in_month(day)))
    if "BYYEARDAY" in numbers:
        yield lambda day: not numbers["BYYEARDAY"].isdisjoint(_from_both_ends(*_in_year(day)))
    if rule.weekdays:
        yield _weekday_filter(rule)
    if "BYWEEKNO" in numbers:
        yield partial(_is_in_week, numbers["BYWEEKNO"], rule.week_start)


def _weekday_filter(rule: Rule) -> Callable[[date], bool]:
    every = {weekday for ordinal, weekday in rule.weekdays if not ordinal}
    position = _in_month if rule.has_months else _in_year
    if all(ordinal == 0 for ordinal, _ in rule.weekdays):
        return lambda day: day.weekday() in every
    return lambda day: (
        (weekday := day.weekday()) in every
        or any((nth, weekday) in rule.weekdays for nth in _weeks_from_both_ends(*position(day)))
    )


def _is_in_week(weeks: frozenset[int], week_start: int, day: date) -> bool:
    """Match ISO 8601 week numbers, generalized to WKST: a week belongs to the year that contains its fourth day."""
    ordinal = day.toordinal() + 3 - (day.weekday() - week_start) % 7
    fourth = date.fromordinal(
        (ordinal - 1) % _DAYS_OF_400_YEARS + 1
    )  # the fourth day of the calendar's last week is in the year 10000
    return not weeks.isdisjoint(_weeks_from_both_ends(*_in_year(fourth)))


def _from_both_ends(number: int, count: int) -> DayPosition:
    return number, number - count - 1


def _weeks_from_both_ends(number: int, count: int) -> DayPosition:
    """Return which occurrence of its weekday a day is, from the start and from the end of the period.

    (2, -4) is the second Monday of five.
    """
    return (number + 6) // 7, -((count - number) // 7 + 1)


def _in_month(day: date) -> DayPosition:
    return day.day, _LENGTHS[isleap(day.year)][day.month - 1]


def _in_year(day: date) -> DayPosition:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, 365 + isleap(day.year)
