"""Which days a recurrence rule lets pass (RFC 5545, section 3.3.10), whatever its frequency."""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial

from src.recurrence.rule import Rule

_LENGTHS = [[monthrange(year, month)[1] for month in range(1, 13)] for year in (2023, 2024)]
"""Of the months, in a common and in a leap year."""

_DAYS_OF_400_YEARS = 146097
"""Then the calendar repeats itself, its weekdays too."""

type DayPosition = tuple[int, int]
"""The number of a day in its month or year, from 1, and how many there are."""


def matching_days(rule: Rule, ordinals: Iterable[int]) -> Iterator[date]:
    """Those of the days with these proleptic Gregorian ordinals for which all parts of the rule hold."""
    days: Iterator[date] = map(date.fromordinal, ordinals)
    for condition in _conditions(rule):
        days = filter(condition, days)
    return days


def _conditions(rule: Rule) -> Iterator[Callable[[date], bool]]:
    """The cheap ones first."""
    numbers = rule.numbers
    if "BYMONTH" in numbers:
        yield lambda day: day.month in numbers["BYMONTH"]
    if "BYMONTHDAY" in numbers:
        yield lambda day: not numbers["BYMONTHDAY"].isdisjoint(_from_both_ends(*_in_month(day)))
    if "BYYEARDAY" in numbers:
        yield lambda day: not numbers["BYYEARDAY"].isdisjoint(_from_both_ends(*_in_year(day)))
    if rule.weekdays:
        yield _weekday_condition(rule)
    if "BYWEEKNO" in numbers:
        yield partial(_is_in_week, numbers["BYWEEKNO"], rule.week_start)


def _weekday_condition(rule: Rule) -> Callable[[date], bool]:
    every = {weekday for ordinal, weekday in rule.weekdays if not ordinal}
    place = _in_month if rule.has_months else _in_year
    if all(ordinal == 0 for ordinal, _ in rule.weekdays):
        return lambda day: day.weekday() in every
    return lambda day: (
        (weekday := day.weekday()) in every
        or any((nth, weekday) in rule.weekdays for nth in _weeks_from_both_ends(*place(day)))
    )


def _is_in_week(weeks: frozenset[int], week_start: int, day: date) -> bool:
    """A week belongs to the year of its fourth day, and has the number of that among the year's days of its name."""
    ordinal = day.toordinal() + 3 - (day.weekday() - week_start) % 7
    fourth = date.fromordinal((ordinal - 1) % _DAYS_OF_400_YEARS + 1)  # that of the last week there is lies in 10000
    return not weeks.isdisjoint(_weeks_from_both_ends(*_in_year(fourth)))


def _from_both_ends(number: int, count: int) -> DayPosition:
    return number, number - count - 1


def _weeks_from_both_ends(number: int, count: int) -> DayPosition:
    """The how manieth day of its name it is."""
    return (number + 6) // 7, -((count - number) // 7 + 1)


def _in_month(day: date) -> DayPosition:
    return day.day, _LENGTHS[isleap(day.year)][day.month - 1]


def _in_year(day: date) -> DayPosition:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, 365 + isleap(day.year)
