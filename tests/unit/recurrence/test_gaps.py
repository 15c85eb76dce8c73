"""Local times that a clock change skips: the occurrence comes after the change (RFC 5545, section 3.3.5)."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, product
from zoneinfo import ZoneInfo

import pytest

from src.recurrence.next import Occurrence
from tests.support.clock_changes import ClockChange, clock_changes
from tests.unit.recurrence.completing import complete, in_time, next_due

_PERIODS = {"FREQ=DAILY": timedelta(days=1), "FREQ=WEEKLY": timedelta(weeks=1), "FREQ=DAILY;INTERVAL=3": timedelta(3)}
_NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def gaps() -> list[ClockChange]:
    """Return the clock changes that skip local times."""
    return [change for change in clock_changes(2027) if change.after > change.before]


@pytest.fixture(scope="module")
def different_gaps(gaps: list[ClockChange]) -> list[ClockChange]:
    """Return one zone for each clock change, because many zones have the same."""
    return list({gap[1:]: gap for gap in gaps}.values())


def _first_skipped(gap: ClockChange) -> datetime:
    return (gap.instant + gap.before).replace(tzinfo=None)


def _in_time(rule: str, first: datetime, zone: str, count: int) -> list[datetime]:
    dates = islice(in_time(rule, first.replace(tzinfo=ZoneInfo(zone)).isoformat(), zone), count)
    return [datetime.fromisoformat(due) for due in dates]


def test_many_zones_change_their_clocks(gaps: list[ClockChange]) -> None:
    assert len({gap.zone for gap in gaps}) > 100
    assert {"America/Santiago", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo"} <= {gap.zone for gap in gaps}


@pytest.mark.req("TASK-FR-280")
def test_a_skipped_local_time_is_moved_and_the_next_one_is_as_before(different_gaps: list[ClockChange]) -> None:
    for gap, (rule, period), part in product(different_gaps, _PERIODS.items(), (0, 0.5)):
        within = part * (gap.after - gap.before)
        skipped = _first_skipped(gap) + within
        before, moved, after = _in_time(rule, skipped - period, gap.zone, 3)
        assert before.replace(tzinfo=None) == skipped - period, gap
        assert moved.astimezone(UTC) == gap.instant + within, gap
        assert after.replace(tzinfo=None) == skipped + period, gap


@pytest.mark.req("TASK-FR-280")
@pytest.mark.parametrize("rule", ["FREQ=MINUTELY;INTERVAL=15", "FREQ=HOURLY"])
def test_short_periods_give_each_instant_once_and_in_order(rule: str, different_gaps: list[ClockChange]) -> None:
    for gap in different_gaps:
        instants = _in_time(rule, _first_skipped(gap) - timedelta(hours=2, minutes=-10), gap.zone, 15)
        steps = [later - earlier for earlier, later in pairwise(instants)]
        assert all(timedelta() < step <= timedelta(hours=1) for step in steps), gap


@pytest.mark.req("TASK-FR-280")
def test_a_midnight_that_is_skipped_leaves_no_week_out() -> None:
    found = _in_time("FREQ=WEEKLY", datetime(2027, 8, 29), "America/Santiago", 4)  # noqa: DTZ001 - a wall-clock time
    assert [each.isoformat() for each in found] == [
        "2027-08-29T00:00:00-04:00",
        "2027-09-05T01:00:00-03:00",
        "2027-09-12T00:00:00-03:00",
        "2027-09-19T00:00:00-03:00",
    ]


@pytest.mark.req("TASK-FR-280")
def test_the_next_task_keeps_the_time_that_was_skipped_in_its_rule() -> None:
    due_date, at = "2026-03-07T02:30:00-05:00", "2026-03-07T12:00:00Z"
    moved = complete("FREQ=DAILY;COUNT=3", due_date, at, zone=_NEW_YORK)
    assert moved == Occurrence("2026-03-08T03:30:00-04:00", "FREQ=DAILY;COUNT=2;BYHOUR=2")
    assert moved
    assert next_due(moved.recurrence, moved.due_date, "2026-03-08T12:00:00Z", zone=_NEW_YORK) == (
        "2026-03-09T02:30:00-04:00"
    )


@pytest.mark.req("TASK-FR-280")
def test_a_skipped_time_before_midnight_is_moved_to_the_next_day() -> None:
    rule, zone = "FREQ=WEEKLY", "America/Nuuk"
    moved = complete(rule, "2027-03-20T23:30:00-02:00", "2027-03-21T12:00:00Z", zone=zone)
    assert moved == Occurrence("2027-03-28T00:30:00-01:00", "FREQ=WEEKLY;BYHOUR=23;BYDAY=SA")
    assert moved
    assert next_due(rule, "2027-03-20T23:30:00-02:00", "2027-03-28T01:15:00Z", zone=zone) == moved.due_date
    assert next_due(moved.recurrence, moved.due_date, "2027-03-28T12:00:00Z", zone=zone) == "2027-04-03T23:30:00-01:00"


@pytest.mark.req("TASK-FR-280")
def test_positions_are_chosen_before_times_are_moved() -> None:
    rule, due_date = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;BYSETPOS=2,3", "2026-03-07T03:00:00-05:00"
    found = list(islice(in_time(rule, due_date, _NEW_YORK), 4))
    assert found[1:3] == ["2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"]
    assert found[3] == "2026-03-09T02:30:00-04:00"


@pytest.mark.req("TASK-FR-280")
def test_two_times_that_become_one_count_once() -> None:
    rule, due_date = "FREQ=DAILY;BYHOUR=2,3,5;COUNT=4", "2026-03-08T01:00:00-05:00"
    hours = [datetime.fromisoformat(each).hour for each in in_time(rule, due_date, _NEW_YORK)]
    assert hours == [1, 3, 5, 2]


@pytest.mark.req("TASK-FR-280")
def test_a_rule_that_is_too_long_for_more_parts_stays_as_it_is() -> None:
    rule = "FREQ=DAILY;BYMINUTE=30" + ",30" * 159
    moved = complete(rule, "2026-03-07T02:30:00-05:00", "2026-03-07T12:00:00Z", zone=_NEW_YORK)
    assert moved == Occurrence("2026-03-08T03:30:00-04:00", rule)
