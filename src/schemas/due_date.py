"""Due dates: a day, which is the same calendar day in every time zone, or an instant."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from src.schemas.text import null_if_empty

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:[0-5]\d)", re.ASCII)


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
    raise ValueError("must be a day (2026-12-01) or an instant with its time zone (2026-12-01T09:00:00+01:00)")


def _parsed(text: str) -> date | datetime:
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    raise ValueError


def _checked(text: str | None) -> str | None:
    if text is not None:
        parse_due_date(text)
    return text


_FORMS = [{"format": "date"}, {"format": "date-time"}, {"const": "", "description": "The same as null."}]

DueDate = Annotated[
    str | None,
    Field(max_length=40),
    BeforeValidator(null_if_empty),
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "anyOf": [*({"type": "string", **form} for form in _FORMS), {"type": "null"}],
            "description": "A day, or an instant with its time zone; responses have it as it was sent.",
        }
    ),
]
