"""Compute the next due date of a recurring task."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from heapq import heappop, heappush
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from src.recurrence.expand import PERIODS_PER_DAY, occurrences, with_defaults
from src.recurrence.rule import MAX_LENGTH, WEEKDAYS, Rule, parse_rule

_FORM = re.compile(r".{10}(?P<separator>.)\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d+)?)?(?P<offset>.+)", re.ASCII)


Basis = Literal["due_date", "completion"]
"""The date that the next due date is computed from."""


_LAST = datetime.combine(date.max, time.max, UTC) - timedelta(days=1)
"""The last possible due date. The calendar's last day is excluded, because it does not exist in every time zone."""


class _Ended(Exception):
    """The rule has no further occurrence."""


class _Found(NamedTuple):
    """An occurrence."""

    instant: datetime
    used: int
    """The number of occurrences after the start, this one included."""
    pinned: str
    """The parts that the rule took from its start and that this occurrence does not repeat, to be added to the rule."""


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
            text, found = _instant_after(rule, form, basis, completed_at, zone)
        else:
            text, found = _day_after(rule, due_date, basis, completed_at.astimezone(ZoneInfo(zone or "UTC")))
    except (_Ended, OverflowError, ValueError):
        return None
    following = re.sub(r"COUNT=\d+", f"COUNT={(rule.count or 0) - found.used}", recurrence)
    is_too_long = len(following + found.pinned) > MAX_LENGTH
    return Occurrence(text, following if is_too_long else following + found.pinned)


def _day_after(rule: Rule, due_date: str | None, basis: Basis, now: datetime) -> tuple[str, _Found]:
    """Return the next day as text, and the occurrence."""
    today = _midnight(now.date())
    start = _midnight(date.fromisoformat(due_date)) if due_date and basis == "due_date" else today
    end = _end(rule, now.tzinfo)
    found = _next_after(_on_days(rule), start, today, _midnight(end.date()))
    return found.instant.date().isoformat(), found


def _instant_after(
    rule: Rule, form: re.Match[str], basis: Basis, completed_at: datetime, zone: str | None
) -> tuple[str, _Found]:
    """Return the next instant as text, and the occurrence."""
    sent = datetime.fromisoformat(form[0].upper())
    clock = ZoneInfo(zone) if zone else sent.tzinfo
    due, now = sent.astimezone(clock), completed_at.astimezone(clock)
    start = due if basis == "due_date" else _restart_at(rule, due, now)
    found = _next_after(rule, start, now, _end(rule, clock))
    instant = found.instant
    offset = form["offset"] if instant.utcoffset() == sent.utcoffset() else f"{instant:%:z}"
    precision = "seconds" if form["seconds"] or instant.second else "minutes"
    wall_clock = instant.replace(microsecond=0, tzinfo=None).isoformat(form["separator"], precision)
    return f"{wall_clock}{form['fraction'] or ''}{offset}", found


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


def _next_after(rule: Rule, start: datetime, now: datetime, end: datetime) -> _Found:
    """Find the first occurrence after both the start and now.

    Raises:
        _Ended: No such occurrence exists.
    """
    start_utc = start.astimezone(UTC)  # two datetimes of one zone would compare their wall clocks
    after = max(start_utc, now.astimezone(UTC))
    start = _as_scheduled(rule, start)
    since = start.date() if rule.count else max(start.date(), _before_change(after, start.tzinfo).date())
    candidates = (instant for instant in _instants(rule, start, since) if instant > start_utc)
    for used, instant in enumerate(candidates, 1):
        if used == rule.count or instant > end:
            break
        if instant > after:
            local = instant.astimezone(start.tzinfo)
            return _Found(local, used, _pinned(rule, start, local))
    raise _Ended


def _before_change(instant: datetime, clock: tzinfo | None) -> datetime:
    """Return a local time at the UTC offset of the day before, which a clock change in between may have skipped."""
    earlier = instant.astimezone(UTC) - timedelta(days=1)
    return earlier.astimezone(clock).replace(tzinfo=None) + timedelta(days=1)


def _as_scheduled(rule: Rule, start: datetime) -> datetime:
    """Return the same instant as the skipped local time of the rule, if a clock change has moved the start."""
    hours, minutes = rule.numbers.get("BYHOUR"), rule.numbers.get("BYMINUTE", {start.minute})
    if not hours:
        return start
    skipped = _before_change(start, start.tzinfo).replace(tzinfo=start.tzinfo)
    is_same_instant = skipped.astimezone(UTC) == start.astimezone(UTC)
    return skipped if is_same_instant and skipped.hour in hours and skipped.minute in minutes else start


def _instants(rule: Rule, start: datetime, since: date) -> Iterator[datetime]:
    """Yield the occurrences in UTC, in order and each once (section 3.3.5).

    A local time that occurs twice yields the first. One that a clock change skips is interpreted with the UTC offset
    before the change, and so comes after it, perhaps after later local times: it is held until they have passed.
    """
    last: datetime | None = None
    held: list[datetime] = []
    for wall_clock in occurrences(rule, start.replace(tzinfo=None), since):
        both = [wall_clock.replace(tzinfo=start.tzinfo, fold=fold).astimezone(UTC) for fold in (0, 1)]
        heappush(held, both[0])
        while held and held[0] <= min(both):
            last, previous = heappop(held), last
            if last != previous:
                yield last
    yield from sorted(set(held) - {last})


def _pinned(rule: Rule, start: datetime, found: datetime) -> str:
    """Return the parts that the rule took from its start, where the occurrence was moved and does not repeat them."""
    here, there = with_defaults(rule, start), with_defaults(rule, found)
    moved = {name for name, values in here.numbers.items() if values != there.numbers.get(name)}
    if moved & {"BYMONTH", "BYMONTHDAY"}:
        moved |= {"BYMONTH", "BYMONTHDAY"}  # one without the other would be another rule
    names = [name for name in here.numbers if name in moved and name not in rule.numbers]
    parts = [f";{name}={min(here.numbers[name])}" for name in names]
    if here.weekdays != there.weekdays:
        parts.append(f";BYDAY={WEEKDAYS[start.weekday()]}")
    return "".join(parts)
