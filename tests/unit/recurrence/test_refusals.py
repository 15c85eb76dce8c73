"""Validation of the member `recurrence`: normal form, and refusals with one sentence."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from src.recurrence.next import next_occurrence
from src.schemas.recurrence import Recurrence
from tests.unit.recurrence.rules import look_alikes, rules

_RECURRENCE: TypeAdapter[str | None] = TypeAdapter(Recurrence)


@pytest.mark.req("TASK-FR-100")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly; byday=mo, th", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("RRULE:INTERVAL=2;FREQ=DAILY", "INTERVAL=2;FREQ=DAILY"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        ("FREQ=YEARLY;BYDAY=+20MO,-53SU", "FREQ=YEARLY;BYDAY=+20MO,-53SU"),
        ("FREQ=DAILY;UNTIL=20261231t235959z", "FREQ=DAILY;UNTIL=20261231T235959Z"),
        ("FREQ=DAILY;BYSECOND=60;COUNT=10000", "FREQ=DAILY;BYSECOND=60;COUNT=10000"),
        ("", None),
        (None, None),
    ],
)
def test_a_rule_is_stored_in_its_normal_form(sent: str | None, stored: str | None) -> None:
    assert _RECURRENCE.validate_python(sent) == stored


@pytest.mark.req("TASK-FR-101")
@pytest.mark.parametrize(
    "sent",
    [
        "daily",
        " ",
        "FREQ=DAILY;",
        "FREQ=DAILY;;COUNT=2",
        "FREQ=DAILY;COUNT",
        "FREQ=DAILY;COUNT=",
        "FREQ=",
        "BYDAY=MO",
        "FREQ=FORTNIGHTLY",
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;INTERVAL=90",
        "FREQ=DAILY,WEEKLY",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=2;COUNT=3",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;X-PART=1",
        "FREQ=DAILY;RSCALE=CHINESE",
        "FREQ=MONTHLY;RSCALE=HEBREW;SKIP=FORWARD",
        "FREQ=MONTHLY;SKIP=SIDEWAYS",
        "FREQ=MONTHLY;SKIP=FORWARD;SKIP=FORWARD",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;SKIP=OMIT",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;SKIP=FORWARD",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30;SKIP=FORWARD",
        "FREQ=MONTHLY;SKIP=FORWARD" + ";BYHOUR=1" + ",1" * 229,
        "FREQ=DAILY;BYWEEKDAY=MO",
        "FREQ=DAILY\nFREQ=WEEKLY",
        "FREQ=DAILY\n",
        "RRULE:RRULE:FREQ=DAILY",
        "EXRULE:FREQ=DAILY",
        "DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY",
        "DTSTART=20260101;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=10001",
        "FREQ=DAILY;INTERVAL=1,2",
        "FREQ=DAILY;INTERVAL=1_0",
        "FREQ=DAILY;INTERVAL=" + "9" * 470,
        "FREQ=DAILY;INTERVAL=\u0662",
        "FREQ=DAILY;WKST=\u017fU",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=10001",
        "FREQ=DAILY;COUNT=2;UNTIL=20261231",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=2026-12-31",
        "FREQ=DAILY;UNTIL=20261231T250000Z",
        "FREQ=DAILY;UNTIL=20261231T240000Z0",
        "FREQ=DAILY;UNTIL=00000101",
        "FREQ=DAILY;UNTIL=2026W011",
        "FREQ=DAILY;UNTIL=20261231T090000+0100",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=DAILY;BYMONTH=1,,2",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=DAILY;BYMONTHDAY=-32",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=61",
        "FREQ=MINUTELY;BYSECOND=0,30",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYYEARDAY=0",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=MONTHLY;BYWEEKNO=5",
        "FREQ=DAILY;BYYEARDAY=5",
        "FREQ=WEEKLY;BYMONTHDAY=5",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=YEARLY;BYDAY=0MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYDAY=+MO",
        "FREQ=YEARLY;BYDAY=MO1",
        "FREQ=YEARLY;BYDAY=MO(+1)",
        "FREQ=YEARLY;BYWEEKNO=5;BYDAY=1MO",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2,4,6;BYMONTHDAY=31,-31",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=20MO,-6TU",
        "FREQ=DAILY" + ";" * 500,
    ],
)
def test_an_invalid_rule_is_refused_with_one_sentence(sent: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        _RECURRENCE.validate_python(sent)
    (error,) = refusal.value.errors(include_input=False)
    assert "\n" not in error["msg"]
    assert len(error["msg"]) < 150


@pytest.mark.req("TASK-FR-101")
@pytest.mark.parametrize("sent", ["Dentist", "FREQ=DAILY;X-NOTE=DENTIST", "FREQ=DENTIST", "FREQ=DAILY;COUNT=DENTIST"])
def test_a_refusal_does_not_repeat_the_input(sent: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        _RECURRENCE.validate_python(sent)
    assert "dentist" not in str(refusal.value.errors(include_input=False, include_context=False)).lower()


@pytest.mark.req("TASK-FR-101")
@given(sent=look_alikes | rules())
def test_any_input_is_refused_or_can_be_expanded(sent: str) -> None:
    try:
        stored = _RECURRENCE.validate_python(sent)
    except ValidationError:
        return
    if stored is not None:
        assert _RECURRENCE.validate_python(stored) == stored
        for due_date in ("2026-12-01", "2026-12-01T09:00:00Z", None):
            next_occurrence(
                stored, due_date, basis="due_date", completed_at=datetime(2026, 12, 1, tzinfo=UTC), zone=None
            )
