"""The next occurrence: the first one after both the due date and the completion."""

import pytest

from tests.support.zones import ZONES
from tests.unit.recurrence.completing import next_due


@pytest.mark.req("TASK-FR-102")
def test_a_task_that_is_completed_early_is_followed_by_the_occurrence_after_its_due_date() -> None:
    assert next_due("FREQ=WEEKLY", "2026-12-04", "2026-12-01T12:00:00Z") == "2026-12-11"
    assert next_due("FREQ=DAILY", "2026-12-04T09:00:00Z", "2026-12-01T12:00:00Z") == "2026-12-05T09:00:00Z"


@pytest.mark.req("TASK-FR-102")
def test_a_task_that_is_completed_late_skips_missed_occurrences_and_keeps_its_rhythm() -> None:
    assert next_due("FREQ=WEEKLY;INTERVAL=2", "2026-12-04", "2027-02-01T12:00:00Z") == "2027-02-12"
    assert next_due("FREQ=HOURLY;INTERVAL=5", "2026-12-01T09:00:00Z", "2026-12-03T09:30:00Z") == "2026-12-03T11:00:00Z"


@pytest.mark.req("TASK-FR-102")
def test_a_day_is_followed_by_a_day_after_that_of_the_completion() -> None:
    assert next_due("FREQ=DAILY", "2026-12-01", "2026-12-05T12:00:00Z") == "2026-12-06"


@pytest.mark.req("TASK-FR-102")
def test_a_instant_is_followed_by_one_after_the_completion_on_the_same_day_too() -> None:
    rule = "FREQ=DAILY;BYHOUR=9,18"
    assert next_due(rule, "2026-12-01T09:00:00Z", "2026-12-05T12:00:00Z") == "2026-12-05T18:00:00Z"
    assert next_due(rule, "2026-12-01T09:00:00Z", "2026-12-05T18:00:00Z") == "2026-12-06T09:00:00Z"


@pytest.mark.req("TASK-FR-102")
def test_a_due_date_that_does_not_match_is_the_first_nonetheless() -> None:
    assert next_due("FREQ=WEEKLY;BYDAY=FR;COUNT=2", "2026-12-01", "2026-12-01T12:00:00Z") == "2026-12-04"


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(
    ("rule", "following"),
    [
        ("FREQ=DAILY", "2026-12-11"),
        ("FREQ=DAILY;INTERVAL=3", "2026-12-13"),
        ("FREQ=WEEKLY", "2026-12-17"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-12-14"),
        ("FREQ=MONTHLY", "2027-01-10"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31"),
        ("FREQ=YEARLY", "2027-12-10"),
    ],
)
@pytest.mark.parametrize("due_date", ["2026-12-01", "2026-12-24", None])
def test_a_rule_that_restarts_begins_on_the_day_of_the_completion(
    rule: str, following: str, due_date: str | None
) -> None:
    assert next_due(rule, due_date, "2026-12-10T12:00:00Z", basis="completion") == following


@pytest.mark.req("TASK-FR-102")
def test_a_task_without_a_due_date_restarts_whatever_its_basis() -> None:
    assert next_due("FREQ=WEEKLY", None, "2026-12-10T12:00:00Z") == "2026-12-17"


@pytest.mark.req("TASK-FR-102")
def test_a_instant_that_restarts_keeps_its_time_of_day() -> None:
    at = "2026-12-10T12:00:00Z"
    assert next_due("FREQ=DAILY", "2026-12-01T09:00:00Z", at, basis="completion") == "2026-12-11T09:00:00Z"
    assert next_due("FREQ=DAILY", "2026-12-01T18:00:00Z", at, basis="completion") == "2026-12-11T18:00:00Z"


@pytest.mark.req("TASK-FR-102")
def test_hourly_and_minutely_rules_restart_at_the_minute_of_the_completion() -> None:
    due_date, at = "2026-12-01T09:00:00.5Z", "2026-12-10T12:34:56.789Z"
    assert next_due("FREQ=HOURLY;INTERVAL=3", due_date, at, basis="completion") == "2026-12-10T15:34:00.5Z"
    assert next_due("FREQ=MINUTELY;INTERVAL=20", due_date, at, basis="completion") == "2026-12-10T12:54:00.5Z"


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(
    ("rule", "following"),
    [
        ("FREQ=HOURLY", "2026-12-02"),
        ("FREQ=MINUTELY;INTERVAL=5", "2026-12-02"),
        ("FREQ=HOURLY;INTERVAL=36", "2026-12-02"),
        ("FREQ=HOURLY;INTERVAL=48", "2026-12-03"),
        ("FREQ=MINUTELY;INTERVAL=4320", "2026-12-04"),
        ("FREQ=DAILY;BYHOUR=9,18;BYMINUTE=30", "2026-12-02"),
        ("FREQ=DAILY;BYHOUR=9,18;BYSETPOS=2", "2026-12-02"),
        ("FREQ=HOURLY;BYDAY=SA", "2026-12-05"),
    ],
)
def test_times_of_day_are_ignored_for_days_and_the_next_day_is_later(rule: str, following: str) -> None:
    assert next_due(rule, "2026-12-01", "2026-12-01T00:00:01Z") == following


@pytest.mark.req("TASK-FR-102")
def test_the_first_week_is_a_whole_one_for_positions_in_it() -> None:
    rule = "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1"
    assert next_due(rule, "2026-12-02", "2026-12-02T12:00:00Z") == "2026-12-07"


@pytest.mark.req("TASK-FR-102")
def test_weekdays_with_and_without_a_number_are_combined() -> None:
    assert next_due("FREQ=MONTHLY;BYDAY=1MO,FR", "2026-12-04", "2026-12-04T12:00:00Z") == "2026-12-07"
    assert next_due("FREQ=MONTHLY;BYDAY=1MO,FR", "2026-12-07", "2026-12-04T12:00:00Z") == "2026-12-11"


@pytest.mark.req("TASK-FR-102")
def test_a_week_number_without_a_day_means_the_weekday_of_the_due_date() -> None:
    assert next_due("FREQ=YEARLY;BYWEEKNO=20", "2026-12-03", "2026-12-03T12:00:00Z") == "2027-05-20"


@pytest.mark.req("TASK-FR-102")
def test_a_month_without_the_day_of_the_due_date_is_skipped() -> None:
    assert next_due("FREQ=MONTHLY", "2027-01-31", "2027-01-31T12:00:00Z") == "2027-03-31"
    assert next_due("FREQ=YEARLY", "2096-02-29", "2096-02-29T12:00:00Z") == "2104-02-29"


@pytest.mark.req("TASK-FR-102")
def test_the_day_of_the_completion_is_that_of_the_time_zone() -> None:
    at = "2026-12-05T23:30:00Z"
    assert next_due("FREQ=DAILY", "2026-12-01", at) == "2026-12-06"
    assert next_due("FREQ=DAILY", "2026-12-01", at, zone="Asia/Tokyo") == "2026-12-07"
    assert next_due("FREQ=DAILY", "2026-12-01", "2026-12-05T00:30:00Z", zone="America/New_York") == "2026-12-05"


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_in_every_time_zone(zone: str) -> None:
    assert next_due("FREQ=DAILY", "2026-12-01", "2026-01-01T00:00:00Z", zone=zone) == "2026-12-02"
    assert next_due("FREQ=DAILY", "2011-12-29", "2011-12-28T00:00:00Z", zone=zone) == "2011-12-30"
