"""The end of a recurrence: COUNT is used up, UNTIL has passed, or the calendar or fifty years are over."""

import pytest

from src.recurrence.next import Occurrence
from tests.unit.recurrence.completing import complete, in_time, next_due

_AT = "2026-12-01T12:00:00Z"


@pytest.mark.req("TASK-FR-104")
def test_count_goes_down_to_one_task_that_nothing_follows() -> None:
    assert complete("FREQ=DAILY;COUNT=3;BYHOUR=9", "2026-12-01", _AT) == Occurrence(
        "2026-12-02", "FREQ=DAILY;COUNT=2;BYHOUR=9"
    )
    assert complete("COUNT=1;FREQ=DAILY", "2026-12-01", _AT) is None
    assert list(in_time("FREQ=DAILY;COUNT=3", "2026-12-01", None)) == ["2026-12-01", "2026-12-02", "2026-12-03"]


@pytest.mark.req("TASK-FR-104")
def test_skipped_occurrences_count() -> None:
    assert complete("FREQ=DAILY;COUNT=10", "2026-11-28", _AT) == Occurrence("2026-12-02", "FREQ=DAILY;COUNT=6")
    assert complete("FREQ=DAILY;COUNT=4", "2026-11-28", _AT) is None


@pytest.mark.req("TASK-FR-104")
def test_a_rule_that_restarts_skips_nothing() -> None:
    following = complete("FREQ=DAILY;COUNT=2", "2025-12-01", _AT, basis="completion")
    assert following == Occurrence("2026-12-02", "FREQ=DAILY;COUNT=1")


@pytest.mark.req("TASK-FR-104")
def test_a_day_with_hours_counts_days() -> None:
    assert complete("FREQ=HOURLY;COUNT=3", "2026-12-01", _AT) == Occurrence("2026-12-02", "FREQ=HOURLY;COUNT=2")


@pytest.mark.req("TASK-FR-104")
@pytest.mark.parametrize(
    ("until", "due_date", "zone", "is_followed"),
    [
        ("20261202", "2026-12-01", None, True),
        ("20261201", "2026-12-01", None, False),
        ("20261202T000000", "2026-12-01", None, True),
        ("20261202T000000Z", "2026-12-01", "America/New_York", False),
        ("20261202T050000Z", "2026-12-01", "America/New_York", True),
        ("20261201T150000Z", "2026-12-01", "Asia/Tokyo", True),
        ("20261202", "2026-12-01T09:00:00+05:00", None, True),
        ("20261201", "2026-12-01T09:00:00+05:00", None, False),
        ("20261202T090000", "2026-12-01T09:00:00+05:00", None, True),
        ("20261202T085959", "2026-12-01T09:00:00+05:00", None, False),
        ("20261202T040000Z", "2026-12-01T09:00:00+05:00", None, True),
        ("20261202T035959Z", "2026-12-01T09:00:00+05:00", None, False),
        ("20261202", "2026-12-01T23:30:00.5-05:00", "America/New_York", True),
        ("99991231T235959Z", "2026-12-01T09:00:00-05:00", None, True),
        ("99991231", "2026-12-01", "Asia/Tokyo", True),
    ],
)
def test_until_is_the_last_day_or_instant(until: str, due_date: str, zone: str | None, is_followed: bool) -> None:  # noqa: FBT001 - a column of the table
    following = complete(f"FREQ=DAILY;UNTIL={until}", due_date, "2026-12-01T06:00:00Z", zone=zone)
    assert (following is not None) is is_followed
    assert not following or following.recurrence == f"FREQ=DAILY;UNTIL={until}"


@pytest.mark.req("TASK-FR-104")
def test_until_may_be_in_the_hour_that_occurs_twice() -> None:
    rule, due_date = "FREQ=MINUTELY;INTERVAL=15;UNTIL=20261101T060000Z", "2026-11-01T01:30:00-04:00"
    assert list(in_time(rule, due_date, "America/New_York")) == [due_date, "2026-11-01T01:45:00-04:00"]


@pytest.mark.req("TASK-FR-104")
@pytest.mark.parametrize(
    ("rule", "due_date"),
    [
        ("FREQ=DAILY", "9999-12-30"),
        ("FREQ=DAILY", "9999-12-30T23:59:59Z"),
        ("FREQ=DAILY", "9999-12-30T20:00:00-03:00"),
        ("FREQ=YEARLY;BYWEEKNO=1", "9999-06-01"),
        ("FREQ=MONTHLY;INTERVAL=10000", "9999-06-01"),
        ("FREQ=YEARLY;INTERVAL=51", "2026-12-01"),
        ("FREQ=YEARLY;BYYEARDAY=1;BYMONTH=6", "2026-12-01"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2026-12-01"),
        ("FREQ=MONTHLY;BYMONTH=2", "2026-12-31"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", "2026-12-01T09:00:00Z"),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=10", "2026-12-01T09:00:00Z"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=2", "2026-12-01T09:00:00Z"),
    ],
)
def test_nothing_follows_the_last_occurrence(rule: str, due_date: str) -> None:
    assert complete(rule, due_date, _AT) is None


@pytest.mark.req("TASK-FR-104")
def test_an_occurrence_within_fifty_years_is_found() -> None:
    assert next_due("FREQ=YEARLY;INTERVAL=50", "2026-12-01", _AT) == "2076-12-01"
    assert next_due("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072-02-29", _AT) == "2112-02-29"
