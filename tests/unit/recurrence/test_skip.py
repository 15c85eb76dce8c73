"""`SKIP` moves days that a month lacks (RFC 7529, section 4.1)."""

from calendar import monthrange
from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from src.recurrence.next import Occurrence
from src.schemas.recurrence import Recurrence
from tests.unit.recurrence.completing import complete, in_time, next_due
from tests.unit.recurrence.rfc_examples import days

_RECURRENCE: TypeAdapter[str | None] = TypeAdapter(Recurrence)
_BACKWARD, _FORWARD = (f"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP={skip}" for skip in ("BACKWARD", "FORWARD"))
_YEARLY = "RSCALE=GREGORIAN;FREQ=YEARLY"


@pytest.mark.req("TASK-FR-281")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # RFC 7529, section 4.3
        (_YEARLY, "2012 Feb 29; 2016 Feb 29; 2020 Feb 29"),
        (f"{_YEARLY};SKIP=FORWARD", "2012 Feb 29; 2013 Mar 1; 2014 Mar 1; 2015 Mar 1; 2016 Feb 29; 2017 Mar 1"),
        (f"{_YEARLY};SKIP=BACKWARD", "2012 Feb 29; 2013 Feb 28; 2014 Feb 28; 2015 Feb 28; 2016 Feb 29; 2017 Feb 28"),
        (f"{_YEARLY};SKIP=OMIT", "2012 Feb 29; 2016 Feb 29; 2020 Feb 29"),
        (f"{_BACKWARD};COUNT=4", "2014 Jan 31; 2014 Feb 28; 2014 Mar 31; 2014 Apr 30"),
        (f"{_FORWARD};COUNT=4", "2014 Jan 31; 2014 Mar 1,31; 2014 May 1"),
        # An interval counts from the month in which the day was missing
        (f"{_FORWARD};INTERVAL=3;COUNT=4", "2014 Jan 31; 2014 May 1; 2014 Jul 31; 2014 Oct 31"),
        (f"{_FORWARD};INTERVAL=2;COUNT=5", "2013 Dec 31; 2014 Mar 1; 2014 May 1; 2014 Jul 1; 2014 Aug 31"),
        (f"{_BACKWARD};INTERVAL=2;COUNT=5", "2013 Dec 31; 2014 Feb 28; 2014 Apr 30; 2014 Jun 30; 2014 Aug 31"),
        # 30 February
        (f"{_YEARLY};SKIP=BACKWARD;BYMONTH=2;BYMONTHDAY=30", "2015 Feb 28; 2016 Feb 29; 2017 Feb 28"),
        (f"{_YEARLY};SKIP=FORWARD;BYMONTH=2;BYMONTHDAY=30", "2015 Mar 1; 2016 Mar 1; 2017 Mar 1"),
        # Days that are moved to one day are one occurrence, also those of two months
        (
            f"{_YEARLY};SKIP=FORWARD;BYMONTH=2;BYMONTHDAY=28,29",
            "2015 Feb 1,28; 2015 Mar 1; 2016 Feb 28,29; 2017 Feb 28",
        ),
        (f"{_BACKWARD};BYMONTHDAY=29,30,31", "2015 Jan 29,30,31; 2015 Feb 28; 2015 Mar 29,30,31; 2015 Apr 29,30"),
        (f"{_FORWARD};BYMONTHDAY=1,31", "2015 Jan 31; 2015 Feb 1; 2015 Mar 1,31; 2015 Apr 1; 2015 May 1,31"),
        # BYDAY applies to the moved days, BYSETPOS to those of the month that lacks them
        (f"{_FORWARD};BYMONTHDAY=31;BYDAY=SU,FR", "2015 Feb 1; 2015 Mar 1; 2015 May 1,31; 2015 Jul 31"),
        (f"{_FORWARD};BYMONTHDAY=1,31;BYSETPOS=-1", "2015 Jan 31; 2015 Mar 1,31; 2015 May 1,31; 2015 Jul 1,31"),
        # Days from the end exist in each month, and those of a week or year are as in RFC 5545
        (f"{_BACKWARD};BYMONTHDAY=-31", "2015 Jan 1; 2015 Mar 1; 2015 May 1"),
        (f"{_YEARLY};SKIP=BACKWARD;BYYEARDAY=366", "2012 Dec 31; 2016 Dec 31"),
        ("RSCALE=GREGORIAN;FREQ=DAILY;SKIP=BACKWARD;BYMONTHDAY=31", "2015 Jan 31; 2015 Mar 31; 2015 May 31"),
    ],
)
def test_days_that_a_month_lacks_are_moved(rule: str, expected: str) -> None:
    dates = days(expected)
    assert list(islice(in_time(rule, dates[0], None), len(dates))) == dates
    instants = [f"{day}T09:00:00+01:00" for day in dates]
    assert list(islice(in_time(rule, instants[0], None), len(dates))) == instants


@pytest.mark.req("TASK-FR-281")
def test_the_times_of_a_moved_day_are_in_order_and_occur_once() -> None:
    rule = f"{_FORWARD};BYMONTHDAY=1,31;BYHOUR=9,18"
    found = list(islice(in_time(rule, "2015-02-01T09:00:00Z", "UTC"), 6))
    assert found[2:] == [f"2015-03-{time}:00:00Z" for time in ("01T09", "01T18", "31T09", "31T18")]


@pytest.mark.req("TASK-FR-281")
def test_the_next_task_keeps_the_day_that_was_moved_in_its_rule() -> None:
    moved = complete(_BACKWARD, "2027-01-31", "2027-01-31T12:00:00Z")
    assert moved == Occurrence("2027-02-28", f"{_BACKWARD};BYMONTHDAY=31")
    assert next_due(_BACKWARD, "2027-01-31", "2027-03-01T12:00:00Z") == "2027-03-31"
    leap = complete(f"{_YEARLY};SKIP=BACKWARD", "2028-02-29", "2028-02-29T12:00:00Z")
    assert leap == Occurrence("2029-02-28", f"{_YEARLY};SKIP=BACKWARD;BYMONTH=2;BYMONTHDAY=29")


@pytest.mark.req("TASK-FR-281")
@given(
    start=st.dates(date(1999, 1, 1), date(2101, 1, 1)),
    interval=st.integers(1, 14),
    skip=st.sampled_from(["BACKWARD", "FORWARD"]),
)
def test_every_month_of_the_interval_has_its_task(start: date, interval: int, skip: str) -> None:
    rule = f"RSCALE=GREGORIAN;FREQ=MONTHLY;INTERVAL={interval};SKIP={skip};BYMONTHDAY={start.day}"
    expected = [_expected(start, number * interval, skip) for number in range(15)]
    assert list(islice(in_time(rule, start.isoformat(), None), 15)) == expected


def _expected(start: date, months: int, skip: str) -> str:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    if start.day <= length:
        return date(year, month + 1, start.day).isoformat()
    return date.fromordinal(date(year, month + 1, length).toordinal() + (skip == "FORWARD")).isoformat()


@pytest.mark.req("TASK-FR-282")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("rscale=gregorian;freq=monthly;skip=backward", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        ("FREQ=MONTHLY;SKIP=FORWARD", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD"),
        ("FREQ=MONTHLY;SKIP=OMIT", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT"),
        ("FREQ=MONTHLY;SKIP=FORWARD;RSCALE=GREGORIAN", "FREQ=MONTHLY;SKIP=FORWARD;RSCALE=GREGORIAN"),
        ("FREQ=DAILY;RSCALE=GREGORIAN", "FREQ=DAILY;RSCALE=GREGORIAN"),
    ],
)
def test_a_rule_with_skip_is_stored_with_the_calendar_that_the_standard_demands(sent: str, stored: str) -> None:
    assert _RECURRENCE.validate_python(sent) == stored
