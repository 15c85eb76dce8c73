"""Compute the next due date of a recurring task."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from src.recurrence.expand import PERIODS_PER_DAY, occurrences
from src.recurrence.rule import Rule, parse_rule

_FORM = re.compile(r".{10}(?P<separator>.)\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d+)?)?(?P<offset>.+)", re.ASCII)


Basis = Literal["due_date", "completion"]
"""The date that the next due date is computed from."""


_LAST = datetime.combine(date.max, time.max, UTC) - timedelta(days=1)
"""The last possible due date. The calendar's last day is excluded, because it does not exist in every time zone."""


class _Ended(Exception):
    """The rule has no further occurrence."""


class Occurrence(NamedTuple):
    """The members of the next task that differ from the completed one."""

    due_date: str
    recurrence: str


def next_occurrence(
    recurrence: str, due_date: str | None, *, basis: Basis, completed_at: datetime, zone: str | None
) -> Occurrence | None:
    """Compute the next occurrence when a task is completed, or None if there is none within fifty years.

    The due date is the RFC's DTSTART and the first of COUNT occurrences, whether it matches the rule or not. The next
    occurrence is after both the due date and the completion; occurrences in between are skipped, but count. This takes
    milliseconds, whatever the rule and however late the completion.

    Args:
        recurrence: A rule that `parse_rule` accepts.
        due_date: A day or an instant in RFC 3339. The next due date has the same format.
        basis: Whether the rule continues from the due date or restarts at the completion. Without a due date it
            restarts at the day of the completion.
        completed_at: An aware datetime.
        zone: The IANA time zone in which instants recur and days end. Without one, instants recur at their own offset
            and days end in UTC.

    Raises:
        ValueError: The rule is invalid.
    """
    rule = parse_rule(recurrence)
    form = _FORM.fullmatch(due_date or "")
    try:
        if form:
            text, used = _instant_after(rule, form, basis, completed_at, zone)
        else:
            text, used = _day_after(rule, due_date, basis, completed_at.astimezone(ZoneInfo(zone or "UTC")))
    except (_Ended, OverflowError, ValueError):
        return None
    return Occurrence(text, re.sub(r"COUNT=\d+", f"COUNT={(rule.count or 0) - used}", recurrence))


def _day_after(rule: Rule, due_date: str | None, basis: Basis, now: datetime) -> tuple[str, int]:
    """Return the next day, and how many occurrences it is after the start."""
    today = _midnight(now.date())
    start = _midnight(date.fromisoformat(due_date)) if due_date and basis == "due_date" else today
    end = _end(rule, now.tzinfo)
    instant, used = _next_after(_on_days(rule), start, today, _midnight(end.date()))
    return instant.date().isoformat(), used


def _instant_after(
    rule: Rule, form: re.Match[str], basis: Basis, completed_at: datetime, zone: str | None
) -> tuple[str, int]:
    """Return the next instant, and how many occurrences it is after the start."""
    sent = datetime.fromisoformat(form[0].upper())
    clock = ZoneInfo(zone) if zone else sent.tzinfo
    due, now = sent.astimezone(clock), completed_at.astimezone(clock)
    start = due if basis == "due_date" else _restart_at(rule, due, now)
    instant, used = _next_after(rule, start, now, _end(rule, clock))
    offset = form["offset"] if instant.utcoffset() == sent.utcoffset() else f"{instant:%:z}"
    precision = "seconds" if form["seconds"] or instant.second else "minutes"
    wall_clock = instant.replace(microsecond=0, tzinfo=None).isoformat(form["separator"], precision)
    return f"{wall_clock}{form['fraction'] or ''}{offset}", used


def _restart_at(rule: Rule, due: datetime, now: datetime) -> datetime:
    """Return the start of a rule that restarts now: with the due date's time of day, unless the rule is within days."""
    if rule.is_within_days:
        return now.replace(second=due.second, microsecond=due.microsecond)
    return datetime.combine(now.date(), due.time(), now.tzinfo)


def _midnight(day: date) -> datetime:
    """Return midnight in UTC, because clock changes can skip it elsewhere."""
    return datetime.combine(day, time.min, UTC)


def _on_days(rule: Rule) -> Rule:
    """Adapt a rule to a due date without a time: ignore times of day (section 3.3.10), and advance by whole days."""
    per_day = PERIODS_PER_DAY.get(rule.frequency, 1)
    without = {"BYHOUR", "BYMINUTE", "BYSECOND"}
    if rule.frequency in PERIODS_PER_DAY:
        rule, without = replace(rule, frequency="DAILY"), without | {"BYSETPOS"}
    numbers = {name: values for name, values in rule.numbers.items() if name not in without}
    return replace(rule, numbers=numbers | {"INTERVAL": frozenset({max(1, rule.interval // per_day)})})


def _end(rule: Rule, clock: tzinfo | None) -> datetime:
    """Return the last instant of UNTIL in this time zone; the year 9999 means no end."""
    until = rule.until
    if until is None or until.year == date.max.year:
        return _LAST
    if not isinstance(until, datetime):
        return datetime.combine(until, time.max, clock)
    return until.astimezone(clock) if until.tzinfo else until.replace(tzinfo=clock)


def _next_after(rule: Rule, start: datetime, now: datetime, end: datetime) -> tuple[datetime, int]:
    """Find the first occurrence after both the start and now, and how many occurrences it is after the start.

    Raises:
        _Ended: No such occurrence exists.
    """
    start_utc = start.astimezone(UTC)  # two datetimes of one zone would compare their wall clocks
    after = max(start_utc, now.astimezone(UTC))
    since = start if rule.count else after.astimezone(start.tzinfo)
    candidates = (instant for instant in _instants(rule, start, since.date()) if instant > start_utc)
    for used, instant in enumerate(candidates, 1):
        if used == rule.count or instant > end:
            break
        if instant > after:
            return instant.astimezone(start.tzinfo), used
    raise _Ended


def _instants(rule: Rule, start: datetime, since: date) -> Iterator[datetime]:
    """Yield the occurrences in UTC, without the local times that a clock change skips (section 3.3.10).

    A local time that occurs twice yields the first.
    """
    for wall_clock in occurrences(rule, start.replace(tzinfo=None), since):
        instant = wall_clock.replace(tzinfo=start.tzinfo).astimezone(UTC)
        if instant.astimezone(start.tzinfo).replace(tzinfo=None) == wall_clock:
            yield instant
