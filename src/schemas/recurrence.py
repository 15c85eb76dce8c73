"""Recurrence rules: a placeholder until the real module is merged."""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

Recurrence = Annotated[str | None, Field(max_length=500)]
RecurrenceFrom = Literal["due_date", "completion"]


class Occurrence(NamedTuple):
    """The next task's due date and rule."""

    due_date: str
    recurrence: str


def next_occurrence(
    recurrence: str, due_date: str | None, *, basis: str, completed_at: datetime, zone: str | None
) -> Occurrence | None:
    """Always the first of next year."""
    return Occurrence(f"{completed_at.year + 1}-01-01", recurrence)
