"""Recurrence rules expand in bounded time, to the same dates as python-dateutil."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from time import thread_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from src.recurrence.expand import occurrences
from src.recurrence.next import next_occurrence
from src.recurrence.rule import parse_rule
from tests.unit.recurrence.rules import rules

_NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
_EVERY_DAY = "MO,TU,WE,TH,FR,SA,SU"
_EVERY_MONTH_DAY = ",".join(str(-day) for day in range(1, 32))
_EVERY_HOUR, _EVERY_MINUTE = (",".join(map(str, range(count))) for count in (24, 60))
_SECONDS_OF_CPU = 0.5
"""Ten times the measured worst case; time of other processes does not count."""


def _seconds_for(rule: str, due_date: str, zone: str | None = None) -> float:
    """Measure twice, because the first time may include a garbage collection of all that the tests have loaded."""
    return min(_seconds_once(rule, due_date, zone) for _ in range(2))


def _seconds_once(rule: str, due_date: str, zone: str | None) -> float:
    before = thread_time()
    next_occurrence(rule, due_date, basis="due_date", completed_at=_NOW, zone=zone)
    return thread_time() - before


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        f"FREQ=DAILY;BYMONTHDAY={_EVERY_MONTH_DAY};BYDAY={_EVERY_DAY};BYSETPOS=2",
        f"FREQ=WEEKLY;BYDAY={_EVERY_DAY};BYSETPOS=8",
        f"FREQ=MONTHLY;BYMONTHDAY={_EVERY_MONTH_DAY};BYDAY={_EVERY_DAY};BYSETPOS=32",
        f"FREQ=YEARLY;BYMONTHDAY={_EVERY_MONTH_DAY};BYDAY=-53MO,-53TU,-53WE,-53TH,-53FR,-53SA,53SU;BYYEARDAY=100",
        f"FREQ=YEARLY;BYMONTHDAY={_EVERY_MONTH_DAY};BYDAY={_EVERY_DAY};BYWEEKNO=53,52,51,50;BYSETPOS=366",
        f"FREQ=YEARLY;BYDAY={_EVERY_DAY};BYHOUR={_EVERY_HOUR};BYMINUTE={_EVERY_MINUTE}",
        f"FREQ=YEARLY;BYDAY={_EVERY_DAY};BYHOUR={_EVERY_HOUR};BYMINUTE={_EVERY_MINUTE};COUNT=10000",
        f"FREQ=HOURLY;BYDAY={_EVERY_DAY};BYSETPOS=2",
        "FREQ=HOURLY;INTERVAL=7;BYDAY=TU;BYHOUR=10",
        "FREQ=MINUTELY;INTERVAL=7;BYDAY=TU;BYHOUR=9;BYMINUTE=1",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=3",
        "FREQ=MINUTELY;BYSETPOS=2;BYHOUR=1",
        f"FREQ=MONTHLY;SKIP=FORWARD;BYMONTHDAY=1,31;BYDAY={_EVERY_DAY};BYHOUR={_EVERY_HOUR};BYMINUTE={_EVERY_MINUTE}",
        f"FREQ=YEARLY;SKIP=FORWARD;BYMONTHDAY=1,31;BYHOUR={_EVERY_HOUR};BYMINUTE={_EVERY_MINUTE};COUNT=10000",
        "FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31;BYDAY=MO;BYSETPOS=2",
        "FREQ=MINUTELY;COUNT=10000",
        "FREQ=MINUTELY",
    ],
)
@pytest.mark.parametrize(
    "due_date", ["0001-01-02T09:00:00Z", "2026-10-30T09:00:00Z", "2026-11-03T09:00:00Z", "2026-11-03"]
)
def test_no_rule_takes_long_however_late_the_completion(rule: str, due_date: str) -> None:
    assert _seconds_for(rule, due_date, "America/New_York") < _SECONDS_OF_CPU


@pytest.mark.req("TASK-FR-102")
@settings(max_examples=50, deadline=None)
@given(rule=rules(), due=st.dates(date(1, 1, 2), date(9999, 12, 30)), count=st.sampled_from(["", ";COUNT=10000"]))
def test_no_generated_rule_takes_long(rule: str, due: date, count: str) -> None:
    assume(_is_sound(rule))
    assert _seconds_for(rule + count, f"{due}T09:00:00Z") < _SECONDS_OF_CPU


@pytest.mark.req("TASK-FR-102")
@settings(max_examples=50, deadline=None)
@given(rule=rules(), start=st.datetimes(datetime(9992, 1, 1), datetime(9996, 1, 1)))  # noqa: DTZ001 - wall-clock times
def test_occurrences_are_those_of_dateutil(rule: str, start: datetime) -> None:
    """Near the end of the calendar, so that dateutil does not iterate far."""
    assume(_is_sound(rule))
    start = start.replace(microsecond=0)
    until = start + timedelta(days=30 if "MINUTELY" in rule else 3 * 365)  # dateutil tries each minute
    ours = takewhile(lambda time: time < until, occurrences(parse_rule(rule), start, start.date()))
    assert list(islice((time for time in ours if time > start), 20)) == _of_dateutil(rule, start, until)


@pytest.mark.req("TASK-FR-102")
def test_the_last_year_of_the_calendar_has_its_weeks_though_the_last_belongs_to_the_next_year() -> None:
    rule = "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO,FR;WKST=TH"
    found = next_occurrence(rule, "9998-06-01", basis="due_date", completed_at=_NOW, zone=None)
    assert found
    assert found.due_date == "9999-05-14"


def _is_sound(rule: str) -> bool:
    try:
        parse_rule(rule)
    except ValueError:
        return False
    return True


def _of_dateutil(rule: str, start: datetime, until: datetime) -> list[datetime]:
    """dateutil counts positions in a partial first week, so the rule is made to begin with the week."""
    first = start
    if "WEEKLY" in rule:
        first -= timedelta(days=(start.weekday() - parse_rule(rule).week_start) % 7)
        rule += "" if "BYDAY" in rule else f";BYDAY={_EVERY_DAY.split(',')[start.weekday()]}"
    try:
        times = takewhile(lambda time: time < until, rrulestr(rule, dtstart=first))
        return list(islice((time for time in times if time > start), 20))
    except ValueError:  # it raises if the interval never matches the hours or minutes
        return []
