"""Format and time zone of the next due date."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from tests.support.zones import ZONES
from tests.unit.recurrence.completing import in_time, next_due


@pytest.mark.req("TASK-FR-103")
@pytest.mark.parametrize(
    ("due_date", "following"),
    [
        ("2026-12-01", "2026-12-02"),
        ("2026-12-01T09:00Z", "2026-12-02T09:00Z"),
        ("2026-12-01t09:00:00z", "2026-12-02t09:00:00z"),
        ("2026-12-01 09:00:00.120-00:00", "2026-12-02 09:00:00.120-00:00"),
        ("2026-12-01T23:59:59.999999+05:30", "2026-12-02T23:59:59.999999+05:30"),
        ("2026-12-01T00:00:00-23:59", "2026-12-02T00:00:00-23:59"),
    ],
)
def test_the_next_due_date_has_the_format_of_the_previous(due_date: str, following: str) -> None:
    assert next_due("FREQ=DAILY", due_date, "2026-12-01T00:00:00Z") == following


@pytest.mark.req("TASK-FR-103")
def test_seconds_are_written_if_the_rule_has_them() -> None:
    assert next_due("FREQ=DAILY;BYSECOND=5", "2026-12-01T09:00Z", "2026-12-01T09:30:00Z") == "2026-12-02T09:00:05Z"
    assert next_due("FREQ=DAILY;BYSECOND=60", "2026-12-01T09:00:59Z", "2026-12-01T09:30:00Z") == "2026-12-02T09:00:59Z"


@pytest.mark.req("TASK-FR-103")
def test_without_a_time_zone_an_instant_keeps_its_offset_all_year() -> None:
    rule, due_date = "FREQ=MONTHLY", "2026-01-15T09:00:00+01:00"
    assert list(islice(in_time(rule, due_date, None), 12))[6] == "2026-07-15T09:00:00+01:00"


@pytest.mark.req("TASK-FR-103")
def test_in_a_time_zone_an_instant_keeps_its_wall_clock_and_has_the_offset_of_its_date() -> None:
    spring = next_due("FREQ=DAILY", "2026-03-28T09:00:00+01:00", "2026-03-28T09:00:00Z", zone="Europe/Paris")
    autumn = next_due("FREQ=DAILY", "2026-10-24T09:00:00+02:00", "2026-10-24T09:00:00Z", zone="Europe/Paris")
    assert (spring, autumn) == ("2026-03-29T09:00:00+02:00", "2026-10-25T09:00:00+01:00")


@pytest.mark.req("TASK-FR-103")
def test_a_instant_that_was_sent_in_utc_recurs_by_the_wall_clock_of_the_time_zone() -> None:
    following = next_due("FREQ=DAILY", "2026-03-28T08:00:00.000Z", "2026-03-28T09:00:00Z", zone="Europe/Paris")
    assert following == "2026-03-29T09:00:00.000+02:00"
    assert next_due("FREQ=DAILY", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z", zone="UTC") == "2026-12-02T08:00:00Z"


@pytest.mark.req("TASK-FR-103")
def test_of_a_repeated_local_time_the_first_is_the_occurrence() -> None:
    due_date, at = "2026-10-31T01:30:00-04:00", "2026-10-31T12:00:00Z"
    first = next_due("FREQ=DAILY", due_date, at, zone="America/New_York")
    assert first == "2026-11-01T01:30:00-04:00"
    assert next_due("FREQ=DAILY", first, "2026-11-01T06:30:00Z", zone="America/New_York") == "2026-11-02T01:30:00-05:00"


@pytest.mark.req("TASK-FR-103")
def test_minutes_after_the_second_of_two_times_go_on_after_it() -> None:
    due_date, at = "2026-11-01T01:30:00-05:00", "2026-11-01T00:00:00Z"
    following = next_due("FREQ=MINUTELY;INTERVAL=15", due_date, at, zone="America/New_York")
    assert following == "2026-11-01T02:00:00-05:00"


@pytest.mark.req("TASK-FR-103")
@pytest.mark.parametrize("zone", ZONES)
def test_the_wall_clock_shows_the_same_time_each_day_of_a_year_in_every_time_zone(zone: str) -> None:
    first = datetime(2026, 1, 1, 12, 30, tzinfo=ZoneInfo(zone))
    instants = [datetime.fromisoformat(text) for text in islice(in_time("FREQ=DAILY", first.isoformat(), zone), 365)]
    assert [instant.date().toordinal() - first.date().toordinal() for instant in instants] == list(range(365))
    assert {(instant.hour, instant.minute) for instant in instants} == {(12, 30)}
    assert all(instant.utcoffset() == instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in instants)
