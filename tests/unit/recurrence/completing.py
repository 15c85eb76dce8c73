"""Complete recurring tasks one after the other."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from src.recurrence.next import Basis, Occurrence, next_occurrence
from src.schemas.due_date import parse_due_date


def complete(
    recurrence: str,
    due_date: str | None,
    at: str,
    *,
    basis: Basis = "due_date",
    zone: str | None = None,
) -> Occurrence | None:
    completed_at = datetime.fromisoformat(at)
    return next_occurrence(recurrence, due_date, basis=basis, completed_at=completed_at, zone=zone)


def next_due(
    recurrence: str,
    due_date: str | None,
    at: str,
    *,
    basis: Basis = "due_date",
    zone: str | None = None,
) -> str | None:
    following = complete(recurrence, due_date, at, basis=basis, zone=zone)
    return following.due_date if following else None


def in_time(recurrence: str, due_date: str, zone: str | None) -> Iterator[str]:
    """Return the due dates of all tasks if each is completed in the hour before it is due."""
    following: Occurrence | None = Occurrence(due_date, recurrence)
    while following:
        yield following.due_date
        due = parse_due_date(following.due_date)
        instant = due if isinstance(due, datetime) else datetime(due.year, due.month, due.day, 12, tzinfo=UTC)
        completed_at = instant - timedelta(hours=1)
        following = next_occurrence(
            following.recurrence, following.due_date, basis="due_date", completed_at=completed_at, zone=zone
        )
