"""Timestamps that a client may set, such as those of a task that is imported."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

_MAX_CLOCK_SKEW_SECONDS = 24 * 3600
"""The time by which a client's clock may be ahead; a timestamp in the future is stored as that of the request."""

_FIRST = datetime(1, 1, 3, tzinfo=UTC)
"""The earliest timestamp, so that it is in the calendar in every time zone."""


def _check_form(value: object) -> object:
    """Refuse numbers, which Pydantic would accept as Unix times, and days."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value[10:11] not in {"T", "t", " "}:
        raise ValueError("must be an instant with its time zone, such as 2026-11-20T10:00:00Z")
    return value


def _to_utc(timestamp: datetime | None) -> datetime | None:
    """Convert a timestamp to UTC.

    Raises:
        ValueError: It is in the future, or is not in the calendar in every time zone.
    """
    if timestamp is None:
        return None
    if timestamp < _FIRST:
        raise ValueError("must not be before 0001-01-03")
    if timestamp > datetime.now(UTC) + timedelta(seconds=_MAX_CLOCK_SKEW_SECONDS):
        raise ValueError("must not be more than 24 h in the future")
    return timestamp.astimezone(UTC)


Timestamp = Annotated[
    AwareDatetime | None,
    BeforeValidator(_check_form),
    AfterValidator(_to_utc),
    WithJsonSchema({"type": ["string", "null"], "format": "date-time"}),
]
