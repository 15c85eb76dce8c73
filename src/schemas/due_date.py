"""Due dates: a day, which is the same calendar day in every time zone, or an instant.

Requests may also send a local time, which becomes an instant in the time zone of the request.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from src.schemas.text import null_if_empty

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_INSTANT = re.compile(rf"{_LOCAL_TIME.pattern}([Zz]|[+-]\d{{2}}:[0-5]\d)", re.ASCII)
_UTC = re.compile(r".*([Zz]|[+-]00:00)")
_BEYOND_ALL_OFFSETS = ("+16:00", "-16:00")


def parse_due_date(text: str) -> date | datetime:
    """Parse a due date into a day or an instant (RFC 3339).

    The first and the last day of the calendar are refused, because they do not exist in every time zone and asyncpg
    converts them to PostgreSQL's infinities.

    Raises:
        ValueError: The text is neither, or not in the calendar.
    """
    try:
        due = _parsed(text)
    except (ValueError, OverflowError):
        due = date.min
    if date.min < (due.date() if isinstance(due, datetime) else due) < date.max:
        return due
    raise ValueError("must be a day (2026-12-01) or a time, with its offset (2026-12-01T09:00:00+01:00) or without")


def _parsed(text: str) -> date | datetime:
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    raise ValueError


def is_day(text: str) -> bool:
    """Whether a due date is a day."""
    return _DAY.fullmatch(text) is not None


def is_in_utc(text: str) -> bool:
    """Whether a due date is an instant that names no other offset than that of UTC."""
    return _UTC.fullmatch(text) is not None


def is_local_time(text: str) -> bool:
    """Whether a due date is a time without an offset, as `<input type="datetime-local">` sends it."""
    return _LOCAL_TIME.fullmatch(text) is not None


def to_instant(local_time: str, zone: str) -> str:
    """Convert a local time to an instant (RFC 3339) with the offset of the time zone at that time.

    A local time that a clock change skips has the offset before the change, so it becomes a time after the gap; of one
    that occurs twice, the first counts (RFC 5545, section 3.3.5).
    """
    clock = ZoneInfo(zone)
    instant = datetime.fromisoformat(local_time.upper()).replace(tzinfo=clock).astimezone(UTC)
    offset = instant.astimezone(clock).utcoffset() or timedelta()
    has_seconds = offset % timedelta(minutes=1)  # as before 1900, which RFC 3339 cannot express
    return (instant if has_seconds else instant.astimezone(clock)).isoformat()


def _checked(text: str | None) -> str | None:
    if text is not None:
        for offset in _BEYOND_ALL_OFFSETS if is_local_time(text) else ("",):
            parse_due_date(text + offset)
    return text


DueDate = Annotated[
    str | None,
    Field(max_length=40),
    BeforeValidator(null_if_empty),
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "type": ["string", "null"],
            "format": "due-date",
            "description": "A day (`2026-12-01`) or an instant (`2026-12-01T09:00:00+01:00`), which responses "
            "return unchanged, or a local time (`2026-12-01T09:00`), which they return as an instant with the offset "
            "of the time zone of the request. The empty string means null.",
        }
    ),
]
